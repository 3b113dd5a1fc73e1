/** A picture that the page has shown, ms since 1970. `track`: how many tracks the page had shown before this one's. */
export type ShownFrame = { counter: number; atMs: number; track: number };

declare global {
  interface Window {
    shownFrames: ShownFrame[];
  }
}

type Block = { side: number; bits: number };

/**
 * Runs in a page whose SDK watches a broadcast: notes each picture when it is shown, by the number that it bears. Self-contained: it is sent to
 * the browser as text.
 */
export function watchCounter({ side, bits }: Block): void {
  const blocks = bits + 2;
  window.shownFrames = [];
  const canvas = new OffscreenCanvas(blocks, 1);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const video = document.createElement("video");
  Object.assign(video, { muted: true, autoplay: true });
  document.body.append(video);
  const read = (): number | null => {
    if (!context) return null;
    // The middle of each block becomes one pixel. At once: each drawing converts the whole picture.
    context.drawImage(video, 0, 0, blocks * side, side, 0, 0, blocks, 1);
    const { data } = context.getImageData(0, 0, blocks, 1);
    const isWhite = Array.from({ length: blocks }, (_, block) => (data[4 * block] ?? 0) > 127);
    if (!isWhite[0] || isWhite[1]) return null;
    return isWhite.slice(2).reduce((sum, bit, index) => sum + (bit ? 2 ** index : 0), 0);
  };
  let tracks = -1;
  const note = () => {
    const atMs = performance.timeOrigin + performance.now();
    const counter = read();
    if (counter !== null) window.shownFrames.push({ counter, atMs, track: tracks });
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
  let shown: MediaStreamTrack | undefined;
  // A move brings another track.
  setInterval(() => {
    const [room] = window.sdk.rooms();
    const cameras = [...(room?.peers.values() ?? [])].flatMap((peer) => peer.tracks.get("camera") ?? []);
    const track = cameras
      .map(({ mediaStreamTrack }) => mediaStreamTrack)
      .find((each) => each.readyState === "live");
    if (!track || track === shown) return;
    shown = track;
    tracks += 1;
    video.srcObject = new MediaStream([track]);
  }, 20);
}
