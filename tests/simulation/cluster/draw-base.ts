import { createRandom } from "../seeded-random.ts";

/** A node's cores differ from each other by so much, ppm. */
const SPREAD_PPM = 60_000;

export type BaseRange = { nodes: number; coresPerNode: number; fromPercent: number; toPercent: number };

/** @returns Load of each core before any room is placed, ppm: each node drew its own between the two. */
export function drawBase(range: BaseRange, seed: number): Float64Array {
  const { nodes, coresPerNode, fromPercent, toPercent } = range;
  const random = createRandom(seed);
  const draw = () => (fromPercent + random() * (toPercent - fromPercent)) * 10_000;
  const ofNodes = Array.from({ length: nodes }, draw);
  return Float64Array.from({ length: nodes * coresPerNode }, (_, core) => {
    const nodePpm = ofNodes[Math.floor(core / coresPerNode)] ?? 0;
    return Math.max(0, Math.round(nodePpm + (random() - 0.5) * SPREAD_PPM));
  });
}
