import type { ScalePolicy } from "./scale-policy.ts";

/** How many there were in a period, by the period's number since 1970. */
export type Counts = Map<number, number>;

type Periods = Pick<ScalePolicy, "countMs" | "countsKept" | "countsPerMinute">;

export function newCounts(): Counts {
  return new Map();
}

export function addCount(counts: Counts, nowMs: number, { countMs, countsKept }: Periods): void {
  const period = Math.floor(nowMs / countMs);
  counts.set(period, (counts.get(period) ?? 0) + 1);
  for (const old of counts.keys()) if (old <= period - countsKept) counts.delete(old);
}

/** @returns How many in the last minute, the present period included; or of it in the periods that began since then. */
export function countedLately(counts: Counts, nowMs: number, policy: Periods, sinceMs = 0): number {
  const last = Math.floor(nowMs / policy.countMs);
  const first = Math.max(last - policy.countsPerMinute + 1, Math.ceil(sinceMs / policy.countMs));
  return sumOf(counts, first, last);
}

/** @returns How many came per second in the last minute, and in the minutes before. */
export function ratesOf(
  counts: Counts,
  nowMs: number,
  policy: Periods,
): { nowPerS: number; beforePerS: number } {
  const { countMs, countsKept, countsPerMinute } = policy;
  const last = Math.floor(nowMs / countMs);
  const first = last - countsPerMinute + 1;
  const latelyMs = (countsPerMinute - 1) * countMs + (nowMs % countMs);
  const beforeMs = (countsKept - countsPerMinute) * countMs;
  return {
    nowPerS: (sumOf(counts, first, last) * 1_000) / latelyMs,
    beforePerS: (sumOf(counts, last - countsKept + 1, first - 1) * 1_000) / beforeMs,
  };
}

/** @returns How many came per second in the minute of those that are kept in which most came. */
export function peakPerS(counts: Counts, policy: Periods): number {
  const { countMs, countsPerMinute } = policy;
  const sums = [...counts.keys()].map((first) => sumOf(counts, first, first + countsPerMinute - 1));
  // As of a minute whose last period has just begun: no rate is higher than that.
  return (Math.max(0, ...sums) * 1_000) / ((countsPerMinute - 1) * countMs);
}

function sumOf(counts: Counts, first: number, last: number): number {
  let sum = 0;
  for (const [period, count] of counts) if (period >= first && period <= last) sum += count;
  return sum;
}
