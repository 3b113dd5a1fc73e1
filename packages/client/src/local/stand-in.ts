import type { MediaKind } from "@fairlead/protocol";

/** In pixels. */
export type PictureSize = { width: number; height: number };

/**
 * Makes a black or silent track that stands in for a closed device, so that its source stays published through a move.
 * @returns undefined where the browser can't make one.
 */
export function createStandIn(kind: MediaKind, size: PictureSize): MediaStreamTrack | undefined {
  return kind === "video" ? createBlackTrack(size) : createSilentTrack();
}

function createBlackTrack({ width, height }: PictureSize): MediaStreamTrack | undefined {
  if (typeof document === "undefined") return undefined;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  // Firefox captures a canvas only once it has a context.
  canvas.getContext("2d")?.fillRect(0, 0, width, height);
  return canvas.captureStream?.().getVideoTracks()[0];
}

function createSilentTrack(): MediaStreamTrack | undefined {
  if (typeof AudioContext === "undefined") return undefined;
  const context = new AudioContext();
  const [track] = context.createMediaStreamDestination().stream.getAudioTracks();
  // Nothing feeds the track: suspended, the context costs no time.
  void context.suspend();
  return track;
}
