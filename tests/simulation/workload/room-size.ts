import { drawNormal, type Random } from "../seeded-random.ts";

const MEDIAN_PEERS = 3;
const SIGMA = 0.6;
const MIN_PEERS = 2;
const MAX_PEERS = 30;

/** Peers that a meeting comes to: log-normal around 3, so that one of 50 is larger than 10 and one of 1,000 than 20. */
export function drawRoomSize(random: Random): number {
  const peers = Math.round(MEDIAN_PEERS * Math.exp(SIGMA * drawNormal(random)));
  return Math.min(MAX_PEERS, Math.max(MIN_PEERS, peers));
}
