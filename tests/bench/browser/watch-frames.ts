/** A remote video track's first decoded frame, ms since 1970. `received`: which transport of the page it came by. */
export type FirstFrame = { atMs: number; connection: number };

declare global {
  interface Window {
    /** First frames of every remote video track so far. */
    firstFrames: FirstFrame[];
  }
}

/** Reads decoded frames of a track; Chromium only, and not in TypeScript's DOM library. */
declare class MediaStreamTrackProcessor {
  constructor(options: { track: MediaStreamTrack });
  readonly readable: ReadableStream<{ close(): void }>;
}

/**
 * Runs in the page before its own scripts: notes when each remote video track, of whatever connection, has its first
 * decoded frame. The product knows nothing of it.
 */
export function watchFrames(): void {
  const now = () => performance.timeOrigin + performance.now();
  let connections = 0;
  window.firstFrames = [];
  const noteFirst = async (track: MediaStreamTrack, connection: number) => {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    const { value } = await reader.read();
    if (!value) return;
    window.firstFrames.push({ atMs: now(), connection });
    value.close();
    await reader.cancel();
  };
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      const connection = connections++;
      this.addEventListener("track", ({ track }) => {
        if (track.kind === "video") void noteFirst(track, connection);
      });
    }
  };
}
