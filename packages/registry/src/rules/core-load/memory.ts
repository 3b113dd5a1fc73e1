import type { CoreAddress } from "@fairlead/protocol";
import type { PlacementCore, PlacementNode, PlacementPolicy } from "../policy.ts";

/** A core is as loaded as its worker's CPU or its node's network, whichever is scarcer, plus what was promised and is not measured yet. */
export function coreLoadPpm(core: Pick<PlacementCore, "cpuPpm" | "debitPpm">, networkPpm: number): number {
  return Math.max(core.cpuPpm, networkPpm) + core.debitPpm;
}

/** Its load; of a full core far behind that of all others. */
export type RankedCore = { core: number; rankPpm: number };

/** What one needs to know to rank a core. `needPpm` is what must fit on it. */
export type RankBy = Pick<PlacementPolicy, "fullPpm" | "fullRankPpm"> & { needPpm: number };

function rankOfCore(
  core: PlacementCore,
  networkPpm: number,
  { fullPpm, fullRankPpm, needPpm }: RankBy,
): number {
  const loadPpm = coreLoadPpm(core, networkPpm);
  const isFull = loadPpm - core.growthPpm + needPpm >= fullPpm;
  return isFull ? loadPpm + fullRankPpm : loadPpm;
}

/**
 * The first in order of rank of a node's cores that have a worker and are not excluded; ties go to the lowest core.
 * @returns null when there is none.
 */
export function bestCore(
  { incarnation, cores, networkPpm }: Pick<PlacementNode, "incarnation" | "cores" | "networkPpm">,
  by: RankBy,
  exclude: readonly CoreAddress[] = [],
): RankedCore | null {
  let best: RankedCore | null = null;
  for (const each of cores) {
    const { core } = each;
    if (!each.usable || exclude.some((other) => other.incarnation === incarnation && other.core === core))
      continue;
    const rankPpm = rankOfCore(each, networkPpm, by);
    const isBetter =
      best === null || rankPpm < best.rankPpm || (rankPpm === best.rankPpm && core < best.core);
    if (isBetter) best = { core, rankPpm };
  }
  return best;
}
