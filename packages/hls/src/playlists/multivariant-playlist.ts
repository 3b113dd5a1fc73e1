import type { InitPiece } from "@fairlead/segments";
import { stringify, types } from "hls-parser";

const VERSION = 9;

/** The broadcast's renditions, each as its latest init has it; the first one is where players begin. */
export function writeMultivariantPlaylist(inits: readonly InitPiece[]): string {
  const playlist = new types.MasterPlaylist({
    version: VERSION,
    variants: inits.map(toVariant),
  });
  return `${stringify(playlist)}\n`;
}

function toVariant({ rendition, codecs, video, bandwidthBps }: InitPiece): types.Variant {
  return new types.Variant({
    uri: `${rendition}/index.m3u8`,
    bandwidth: Math.max(1, Math.round(bandwidthBps)),
    codecs,
    ...(video && {
      resolution: { width: video.width, height: video.height },
      frameRate: video.frameRate,
    }),
  });
}
