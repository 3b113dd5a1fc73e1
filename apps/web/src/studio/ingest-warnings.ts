import type { Publisher } from "../demo/broadcasts.ts";

/** Until the first health of an encoder's stream is told. */
const PATIENCE_MS = 4_000;
/** New viewers wait this long without minding. Encoders round 2 seconds. */
const LONG_GOP_MS = 2_200;
const FEW_FPS = 12;
const LATE_MS = 800;
/** A stream that begins may have its encoding changed, and goes on from the next key frame then. */
const BEGINNING_MS = 15_000;

const SLOW_NETWORK =
  "Lower the bitrate in the encoder, or bring it closer to the network: a cable instead of Wi-Fi.";
const BY_B_FRAMES =
  "The encoder sends B-frames, which WebRTC can't show. So the server encodes the picture anew, which costs about 0.1 s of delay and some sharpness. In OBS (Settings → Output, mode Advanced) set for x264 the options to “bframes=0”, for NVENC and QuickSync “B-frames” to 0.";
const BY_PROFILE =
  "The server encodes the picture anew, which costs about 0.1 s of delay: it is interlaced, or of a profile of H.264 that browsers don't decode. Set the encoder to the profile “high”, “main” or “baseline”, and to progressive pictures.";

/**
 * What a broadcaster should change about the encoder, in words for people.
 * @param droppedLately Frames dropped within the last seconds.
 */
export function ingestWarnings(
  publisher: NonNullable<Publisher>,
  { droppedLately, nowMs }: { droppedLately: number; nowMs: number },
): string[] {
  const { ingest, bitrateBps, lossRatio = 0 } = publisher;
  const sentMs = nowMs - publisher.sinceMs;
  const isYoung = sentMs < PATIENCE_MS;
  const isSilent = (ingest?.bitrateBps ?? bitrateBps ?? 0) === 0;
  if (isSilent) return isYoung ? [] : ["The encoder is connected, and nothing comes from it."];
  const { fps, gopMs = 0, hasBFrames, isTranscoded, lateMs = 0 } = ingest ?? {};
  return [
    ...(gopMs > LONG_GOP_MS && !isTranscoded ? [gopWarning(gopMs)] : []),
    ...(isTranscoded ? [hasBFrames ? BY_B_FRAMES : BY_PROFILE] : []),
    ...(fps !== undefined && fps < FEW_FPS && !isYoung ? [framesWarning(fps)] : []),
    ...(lateMs > LATE_MS ? [`The stream comes ${secondsText(lateMs)} late. ${SLOW_NETWORK}`] : []),
    ...(droppedLately > 0 && sentMs > BEGINNING_MS
      ? [`Frames are missing: ${droppedLately} just now. ${SLOW_NETWORK}`]
      : []),
    ...(lossRatio >= 0.02
      ? [`${Math.round(lossRatio * 100)} % of the packets get lost. ${SLOW_NETWORK}`]
      : []),
  ];
}

function gopWarning(gopMs: number): string {
  const wait = secondsText(gopMs);
  return `New viewers wait up to ${wait} for a picture, as a key frame comes only every ${wait}. Set the encoder's key frame interval to 1 or 2 s; in OBS: Settings → Output, mode Advanced, “Keyframe Interval”.`;
}

function framesWarning(fps: number): string {
  return `Only ${Math.round(fps)} frames come in a second. Is the encoder's computer busy, or its frame rate set low?`;
}

/** @returns e.g. `2 s`, `8.3 s`. */
export function secondsText(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
