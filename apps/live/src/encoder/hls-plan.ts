import { PART_TARGET_S, SHORTEST_PART_S } from "@fairlead/segments";
import { isCopied, transcodedBitrateBps } from "./ffmpeg-args.ts";
import type { Places } from "./places.ts";
import type { Sps } from "./read-sps.ts";

/** A further rendition: pictures with so many lines, or so many columns where they stand upright. */
export type Rung = { name: string; lines: number };

/** One rendition of HLS, as ffmpeg is to make it. */
export type HlsRendition = {
  name: string;
  way:
    | { isTranscoded: false }
    | { isTranscoded: true; bitrateBps: number; threads: number; size: { width: number; height: number } };
};

export type HlsPlan = {
  /** The first one is the source's. */
  renditions: readonly [HlsRendition, ...HlsRendition[]];
  /** So long a fragment is, at least; it ends with the first picture that makes it so. */
  fragmentMs: number;
};

export type HlsPlanOptions = {
  /** Of what the publisher sends; null: it sends no pictures. */
  sps: Sps | null;
  /** From one picture to the next, about; null: not known yet. */
  frameMs: number | null;
  ladder: readonly Rung[];
  transcodes: Places;
  threads: number;
};

const FRAME_RATES = [60, 50, 48, 30, 25, 24, 20, 15, 12, 10];
const USUAL_FRAME_MS = 1_000 / 30;
const PART_TARGET_MS = 1_000 * PART_TARGET_S;
const SHORTEST_PART_MS = 1_000 * SHORTEST_PART_S;
/** A packet of AAC at 48 kHz. */
const SOUND_MS = 21.4;
/** RTMP's times are whole milliseconds. */
const ROUNDING_MS = 3;

/**
 * Plans HLS of a stream. What browsers decode is copied, B-frames too; what they don't, and rungs that are smaller than it, take a place
 * each among transcodes. The rungs that find none are left out.
 *
 * @returns null: its pictures have to be encoded anew, and there is no place. `leave` gives all places back.
 */
export function planHls(options: HlsPlanOptions): { plan: HlsPlan; leave: () => void } | null {
  const { sps, ladder, transcodes, threads } = options;
  const leaves: (() => void)[] = [];
  const encode = (picture: Sps, size: { width: number; height: number }) => {
    const leave = transcodes.enter();
    if (!leave) return null;
    leaves.push(leave);
    const bitrateBps = transcodedBitrateBps({ ...picture, ...size });
    return { isTranscoded: true as const, bitrateBps, threads, size };
  };
  const source = !sps || isCopied(sps, false) ? ({ isTranscoded: false } as const) : encode(sps, sps);
  if (!source) return null;
  const rungs = ladder.flatMap(({ name, lines }) => {
    const size = sps && sizeOf(sps, lines);
    const way = sps && size && encode(sps, size);
    return way ? [{ name, way }] : [];
  });
  return {
    plan: {
      renditions: [{ name: "source", way: source }, ...rungs],
      fragmentMs: fragmentMs(options.frameMs),
    },
    leave: () => {
      for (const leave of leaves) leave();
    },
  };
}

/** @returns null: the picture has no more lines itself. */
function sizeOf({ width, height }: Sps, lines: number): { width: number; height: number } | null {
  const short = Math.min(width, height);
  if (lines >= short) return null;
  const scaled = (side: number) => 2 * Math.round((side * lines) / short / 2);
  return { width: scaled(width), height: scaled(height) };
}

/**
 * The least whole pictures that make a part: what is left to the longest one is for a picture that is missing, and for sound before the first.
 * Sound ends a fragment too, by one of its packets earlier than a picture would.
 */
export function fragmentMs(frameMs: number | null): number {
  const measured = 1_000 / (frameMs ?? USUAL_FRAME_MS);
  const nearest = (best: number, rate: number) =>
    Math.abs(rate - measured) < Math.abs(best - measured) ? rate : best;
  const exactMs = 1_000 / FRAME_RATES.reduce(nearest);
  const most = Math.floor(PART_TARGET_MS / exactMs);
  for (let pictures = 1; pictures < most; pictures++) {
    const leastMs = pictures * exactMs - ROUNDING_MS;
    const byItsSoundMs = Math.ceil((leastMs - SOUND_MS) / exactMs) * exactMs;
    if (byItsSoundMs >= SHORTEST_PART_MS) return leastMs;
  }
  return most * exactMs - ROUNDING_MS;
}
