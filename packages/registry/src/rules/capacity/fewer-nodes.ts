import type { PlacementPolicy } from "../policy.ts";
import type { Sums } from "./share.ts";

/** @property roomCostPpm What each of these rooms is expected to cost. */
export type Reserve = { rooms: number; roomCostPpm: number };

/**
 * Whether a group does with so many ready nodes less, whichever go and wherever its rooms lie, also with a little more load: so that none that went is
 * wanted back at the same load. Integers only: `shares.lua` says the same of one node.
 */
export function carriesWithout(
  nodes: number,
  sums: Pick<Sums, "ready" | "cores" | "demandPpm" | "peers" | "mostPeers"> & { largestNodeCores: number },
  { rooms, roomCostPpm }: Reserve,
  { belowPermille, targetPermille, fullPpm }: PlacementPolicy,
): boolean {
  const { ready, cores, largestNodeCores, mostPeers } = sums;
  const left = cores - nodes * largestNodeCores;
  const withMore = (number: number) => Math.floor((number * targetPermille) / belowPermille);
  const demandPpm = withMore(sums.demandPpm);
  return (
    nodes < ready &&
    sums.demandPpm <= left * belowPermille * 1_000 &&
    demandPpm <= (left - largestNodeCores) * fullPpm &&
    // On each core up to a room's cost is left over.
    demandPpm + rooms * roomCostPpm <= left * (fullPpm - roomCostPpm) &&
    (withMore(sums.peers) + rooms) * ready <= mostPeers * (ready - nodes)
  );
}
