import { WordedRefusal } from "../rtmp/refusal-words.ts";
import type { MediaTag } from "./media-tag.ts";
import { readSps, readSpsOfConfig, type Sps } from "./read-sps.ts";

export type StreamLimits = {
  /** Of the picture's longer and shorter side, pixels. */
  longSide: number;
  shortSide: number;
  fps: number;
  bitrateBps: number;
  keyFrameWithinMs: number;
  longestMs: number;
};

export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  longSide: 1_920,
  shortSide: 1_080,
  fps: 60,
  bitrateBps: 12_000_000,
  keyFrameWithinMs: 10_000,
  longestMs: 24 * 60 * 60 * 1_000,
};

const WINDOW_MS = 5_000;
/** Encoders round, and their clocks differ. */
const FPS_TOLERANCE = 1.1;
/**
 * After a pause of the network all of it comes at once: the rates are those of the stream's own time, which its encoder makes.
 * So what arrives is bounded too, by so many times the rates.
 */
const ARRIVALS = [
  { windowMs: WINDOW_MS, burst: 3 },
  { windowMs: 60_000, burst: 1.5 },
];
/** No pause of the network accounts for a stream's time that is slower than ours by more. */
const SLOWEST = 3;

/** Of a tag, before what H.264 says. */
const TAG_HEAD_BYTES = 5;
const SPS_UNIT = 7;

type Window = { atMs: number; bytes: number; frames: number };
const EMPTY = { bytes: 0, frames: 0 };

/** The bounds of one stream, checked before a byte of it reaches a program. All of it throws `WordedRefusal`. */
export class StreamBounds {
  readonly #limits: StreamLimits;
  readonly #now: () => number;
  readonly #startedAtMs: number;
  readonly #arrived: (Window & (typeof ARRIVALS)[number])[];
  #ofStream: Window | null = null;
  /** Or the first frame of all. */
  #lastKey: { atMs: number; timestampMs: number } | null = null;

  constructor(limits: StreamLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#startedAtMs = now();
    this.#arrived = ARRIVALS.map((arrival) => ({ ...arrival, atMs: this.#startedAtMs, ...EMPTY }));
  }

  check(tag: MediaTag): void {
    this.#checkArrival(tag);
    if (tag.part === "header") return;
    this.#checkRates(tag);
    if (tag.kind === "video") this.#checkKeyFrames(tag);
  }

  #checkArrival(tag: MediaTag): void {
    const atMs = this.#now();
    if (atMs - this.#startedAtMs > this.#limits.longestMs)
      throw new WordedRefusal(
        "media_rejected",
        "This broadcast reached its longest time. Start again to go on.",
      );
    for (const window of this.#arrived) {
      if (atMs - window.atMs >= window.windowMs) Object.assign(window, { atMs, ...EMPTY });
      count(window, tag);
      checkWindow(window, window.burst * window.windowMs, this.#limits);
    }
  }

  #checkRates(tag: MediaTag): void {
    this.#ofStream ??= { atMs: tag.timestampMs, ...EMPTY };
    const window = this.#ofStream;
    const passedMs = tag.timestampMs - window.atMs;
    if (passedMs < 0 || passedMs > 2 * WINDOW_MS) this.#ofStream = null;
    else if (passedMs >= WINDOW_MS) {
      this.#ofStream = null;
      checkWindow(window, passedMs, this.#limits);
    }
    count(window, tag);
  }

  /** In the stream's time and in ours: one of them alone may jump. In ours alone where the stream's goes back. */
  #checkKeyFrames(tag: MediaTag): void {
    const here = { atMs: this.#now(), timestampMs: tag.timestampMs };
    if (tag.isKey || !this.#lastKey) this.#lastKey = here;
    const oursMs = here.atMs - this.#lastKey.atMs;
    const streamMs = here.timestampMs - this.#lastKey.timestampMs;
    const passedMs = streamMs < 0 ? oursMs : Math.min(oursMs, Math.max(streamMs, oursMs / SLOWEST));
    if (passedMs > this.#limits.keyFrameWithinMs)
      throw new WordedRefusal(
        "media_rejected",
        `No key frame for ${this.#limits.keyFrameWithinMs / 1_000} seconds: set the encoder's key frame interval to 2 seconds.`,
      );
  }
}

/** @throws {WordedRefusal} Its configuration can't be read, or its picture is too large. */
export function readConfig(tag: MediaTag, limits: StreamLimits): Sps {
  const headers = readSpsOfConfig(tag.bytes.subarray(TAG_HEAD_BYTES));
  if (!headers) throw unreadable("header");
  for (const sps of headers) checkSps(sps, limits);
  return headers[0];
}

/**
 * The same of each header that stands among pictures.
 * @param config The tag that said how pictures are packed.
 * @throws {WordedRefusal} Also where the lengths of its parts are not its own.
 */
export function checkPicture(tag: MediaTag, config: MediaTag, limits: StreamLimits): void {
  const sizeBytes = ((config.bytes[TAG_HEAD_BYTES + 4] ?? 0) & 3) + 1;
  const { bytes } = tag;
  for (let at = TAG_HEAD_BYTES; at < bytes.length; ) {
    const start = at + sizeBytes;
    if (start >= bytes.length) throw unreadable("picture");
    const end = start + bytes.readUIntBE(at, sizeBytes);
    if (end === start || end > bytes.length) throw unreadable("picture");
    if ((bytes.readUInt8(start) & 31) === SPS_UNIT) checkSps(readSps(bytes.subarray(start, end)), limits);
    at = end;
  }
}

function checkSps(sps: Sps | null, limits: StreamLimits): Sps {
  if (!sps) throw unreadable("header");
  const { width, height } = sps;
  const isWithin = Math.max(width, height) <= limits.longSide && Math.min(width, height) <= limits.shortSide;
  if (!isWithin || width < 16 || height < 16)
    throw new WordedRefusal(
      "media_rejected",
      `A picture of ${width}x${height} is not taken: at most ${limits.longSide}x${limits.shortSide}. Set the encoder's output size.`,
    );
  return sps;
}

function count(window: Window, tag: MediaTag): void {
  window.bytes += tag.bytes.length;
  window.frames += Number(tag.kind === "video");
}

/** @throws {WordedRefusal} More than so much time may bring. */
function checkWindow(window: Window, ms: number, limits: StreamLimits): void {
  if (window.bytes > (limits.bitrateBps * ms) / 8_000)
    throw new WordedRefusal(
      "media_rejected",
      `More than ${limits.bitrateBps / 1_000_000} Mbit/s: set the encoder to a lower bitrate.`,
    );
  if (window.frames > (limits.fps * FPS_TOLERANCE * ms) / 1_000)
    throw new WordedRefusal(
      "media_rejected",
      `More than ${limits.fps} frames a second: set the encoder to fewer.`,
    );
}

function unreadable(part: "header" | "picture"): WordedRefusal {
  return new WordedRefusal("media_rejected", `The encoder's H.264 ${part} can't be read.`);
}
