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

/** @returns How many in the last minute, or since then; the present period is part of it. */
export function countedLately(counts: Counts, nowMs: number, policy: Periods, sinceMs = 0): number {
  const last = Math.floor(nowMs / policy.countMs);
  const first = Math.max(last - policy.countsPerMinute + 1, Math.floor(sinceMs / policy.countMs));
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

function sumOf(counts: Counts, first: number, last: number): number {
  let sum = 0;
  for (const [period, count] of counts) if (period >= first && period <= last) sum += count;
  return sum;
}
