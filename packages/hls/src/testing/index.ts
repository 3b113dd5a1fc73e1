export { PlaylistSeries } from "./playlist-series.ts";
export { applyDelta, type ReadPlaylist, type ReadSegment, readPlaylist } from "./read-playlist.ts";
