import Hls from "hls.js";

/** A picture that the page has shown, ms since 1970. */
export type ShownFrame = { counter: number; atMs: number };
type Watching = { url: string; isLowLatency: boolean; block: { side: number; bits: number } };

declare global {
  interface Window {
    watchHls: typeof watchHls;
    /** Those since it was asked last. */
    takeShown: () => ShownFrame[];
    /** What went wrong so far, in hls.js's words. */
    hlsErrors: string[];
    /** By hls.js's own clock, which knows no more than the playlist's. */
    hlsLatencyMs: () => number;
  }
}

let shown: ShownFrame[] = [];
window.hlsErrors = [];
window.takeShown = () => {
  const taken = shown;
  shown = [];
  return taken;
};
window.watchHls = watchHls;

/** Plays with the watch page's own settings. Plain: as a player that knows no parts. */
function watchHls({ url, isLowLatency, block }: Watching): void {
  const video = document.createElement("video");
  Object.assign(video, { muted: true, autoplay: true });
  document.body.append(video);
  const hls = new Hls({
    lowLatencyMode: isLowLatency,
    maxLiveSyncPlaybackRate: isLowLatency ? 1.2 : 1,
    liveSyncOnStallIncrease: 0.2,
    backBufferLength: 30,
    enableWorker: false,
  });
  hls.on(Hls.Events.ERROR, (_event, { details, fatal }) => {
    window.hlsErrors.push(fatal ? `${details}, fatal` : details);
  });
  window.hlsLatencyMs = () => hls.latency * 1_000;
  hls.loadSource(url);
  hls.attachMedia(video);
  const read = createReader(video, block);
  const note = () => {
    const atMs = performance.timeOrigin + performance.now();
    const counter = read();
    if (counter !== null) shown.push({ counter, atMs });
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
}

/** @returns What reads the number that the picture bears; null: it bears none. */
function createReader(video: HTMLVideoElement, { side, bits }: Watching["block"]): () => number | null {
  const blocks = bits + 2;
  const context = new OffscreenCanvas(blocks, 1).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no canvas");
  // The pixel in the middle of each block.
  context.imageSmoothingEnabled = false;
  return () => {
    context.drawImage(video, 0, 0, blocks * side, side, 0, 0, blocks, 1);
    const { data } = context.getImageData(0, 0, blocks, 1);
    const isWhite = Array.from({ length: blocks }, (_, index) => (data[4 * index] ?? 0) > 127);
    if (!isWhite[0] || isWhite[1]) return null;
    return isWhite.slice(2).reduce((sum, bit, index) => sum + (bit ? 2 ** index : 0), 0);
  };
}
