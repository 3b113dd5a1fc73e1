import type { Join } from "./joining.ts";

const GOOD_SHARE = 0.99;

/**
 * @param joins In order of time.
 * @param forMs How long joins must have succeeded.
 * @returns Seconds from `sinceMs` to the first join from which on 99 % succeed for so long; null: that has not come yet.
 */
export function secondsToJoin(joins: readonly Join[], sinceMs: number, forMs: number): number | null {
  const after = joins.filter(({ atMs }) => atMs >= sinceMs);
  const lastMs = after.at(-1)?.atMs ?? sinceMs;
  for (const [index, { atMs, refusal }] of after.entries()) {
    if (lastMs - atMs < forMs) return null;
    if (refusal !== null) continue;
    const following = after.slice(index).filter((join) => join.atMs < atMs + forMs);
    const good = following.filter((join) => join.refusal === null).length;
    if (good >= GOOD_SHARE * following.length) return (atMs - sinceMs) / 1_000;
  }
  return null;
}
