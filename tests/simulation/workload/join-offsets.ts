import { drawExponential, type Random } from "../seeded-random.ts";

/** Those who sit ready when a meeting opens, and those who trickle in. */
const PROMPT_SHARE = 0.5;
const PROMPT_MEAN_MS = 3_000;
const LATE_MEAN_MS = 60_000;
const LAST_MS = 300_000;

/** @returns When each peer joins, ms after the room's first peer, who is the first of them; ascending. */
export function drawJoinOffsets(peers: number, random: Random): number[] {
  const others = Array.from({ length: peers - 1 }, () => {
    const meanMs = random() < PROMPT_SHARE ? PROMPT_MEAN_MS : LATE_MEAN_MS;
    return Math.min(LAST_MS, Math.round(drawExponential(random, meanMs)));
  });
  return [0, ...others.sort((a, b) => a - b)];
}
