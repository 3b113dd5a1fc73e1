import type { ConnectionQuality } from "../api/tracks.ts";

/** Counters of one RTP stream at one moment, as `getStats` gives them. */
export type StreamSample = {
  packets: number;
  packetsLost: number;
  jitterMs: number;
};

/** The figures of one interval. `lossRatio` is 0..1. */
export type Interval = { packets: number; lossRatio: number; jitterMs: number; roundTripMs: number };

/** @returns The difference of two samples; counters that went back (a new stream) count from zero. */
export function intervalOf(
  before: StreamSample | undefined,
  after: StreamSample,
  roundTripMs: number,
): Interval {
  const base = before && before.packets <= after.packets ? before : { packets: 0, packetsLost: 0 };
  const packets = after.packets - base.packets;
  // RTX can make the count of lost packets go down.
  const lost = Math.max(0, after.packetsLost - base.packetsLost);
  const lossRatio = packets + lost === 0 ? 0 : lost / (packets + lost);
  return { packets, lossRatio, jitterMs: after.jitterMs, roundTripMs };
}

/**
 * Bounds after which speech and video noticeably suffer (in the spirit of ITU-T G.114 for delay; loss bounds are where
 * Opus's FEC and video's RTX stop hiding it).
 */
export function gradeInterval({
  lossRatio,
  jitterMs,
  roundTripMs,
}: Omit<Interval, "packets">): ConnectionQuality {
  if (lossRatio > 0.08 || roundTripMs > 600 || jitterMs > 100) return "poor";
  if (lossRatio > 0.02 || roundTripMs > 250 || jitterMs > 40) return "good";
  return "excellent";
}

const ORDER: readonly ConnectionQuality[] = ["unknown", "excellent", "good", "poor", "lost"];

/** @returns The worst of `grades`; undefined of none. */
export function worstOf(grades: readonly ConnectionQuality[]): ConnectionQuality | undefined {
  return grades.toSorted((a, b) => ORDER.indexOf(b) - ORDER.indexOf(a))[0];
}
