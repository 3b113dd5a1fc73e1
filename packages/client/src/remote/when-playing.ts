/** Frames in a row without a pause show that a decoder keeps up: the first ones after a key frame come in bursts. */
const STEADY_FRAMES = 6;
const STEADY_WITHIN_MS = 150;
/** A screen that hardly changes has few frames: this long after the first one it is taken as it is. */
const SLOW_PICTURE_MS = 1_000;
/** By then a jitter buffer is filled. */
const SOUND_WARM_MS = 150;
/** An element that takes a track over from another one plays sooner, unless that one stops before; with a picture that has few frames. */
const HELPER_KEPT_MS = 1_000;

/**
 * Plays a track unseen and unheard until it can take the place of another one without a gap.
 * @param ready Called once then, unless it is cancelled before, with the element that plays it: a little longer.
 * @returns Cancels it.
 */
export function whenPlaying(track: MediaStreamTrack, ready: (helper: HTMLMediaElement) => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const helper = document.createElement(track.kind === "audio" ? "audio" : "video");
  helper.muted = true;
  helper.srcObject = new MediaStream([track]);
  helper.play().catch(() => {
    // Muted elements may play; else the track is swapped when the former place ends.
  });
  const dropHelper = () => {
    helper.srcObject = null;
  };
  signal.addEventListener("abort", () => setTimeout(dropHelper, HELPER_KEPT_MS));
  const done = () => {
    if (signal.aborted) return;
    stop.abort();
    ready(helper);
  };
  if (track.kind === "video") whenSteady(helper as HTMLVideoElement, signal, done);
  else whenUnmuted(track, signal, () => setTimeout(done, SOUND_WARM_MS));
  return () => stop.abort();
}

/** Nobody sees a hidden page, and browsers tell it of no frames. */
function whenSteady(video: HTMLVideoElement, signal: AbortSignal, done: () => void): void {
  if (document.hidden) {
    done();
    return;
  }
  document.addEventListener("visibilitychange", done, { signal });
  // Firefox before 132 tells of no frames.
  const tellsOfFrames = "requestVideoFrameCallback" in (video as object);
  if (tellsOfFrames) countFrames(video, signal, done);
  else video.addEventListener("playing", () => setTimeout(done, SLOW_PICTURE_MS), { once: true, signal });
}

function countFrames(video: HTMLVideoElement, signal: AbortSignal, done: () => void): void {
  let steady = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  let slow: ReturnType<typeof setTimeout> | undefined;
  const note = (nowMs: number) => {
    slow ??= setTimeout(done, SLOW_PICTURE_MS);
    steady = nowMs - lastMs < STEADY_WITHIN_MS ? steady + 1 : 0;
    lastMs = nowMs;
    if (steady >= STEADY_FRAMES) done();
    else if (!signal.aborted) video.requestVideoFrameCallback(note);
  };
  signal.addEventListener("abort", () => clearTimeout(slow));
  video.requestVideoFrameCallback(note);
}

/** A track of a peer connection is muted until its first packet has come. */
function whenUnmuted(track: MediaStreamTrack, signal: AbortSignal, act: () => void): void {
  if (!track.muted) act();
  else track.addEventListener("unmute", act, { once: true, signal });
}
