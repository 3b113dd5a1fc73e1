import { coreLoadPpm } from "./core-load.ts";
import type { PlacementNode } from "./placement-policy.ts";

/** A node as placement compares it: by its least-loaded core. */
export type RankedNode = {
  nodeId: string;
  incarnation: string;
  core: number;
  /** Of that core, before the debit. */
  loadPpm: number;
  rankPpm: number;
};

/**
 * Ranks a node by its least-loaded core, or by its network where that is the fuller one; ties go to the lowest core.
 * @param node With those of its cores that may be chosen.
 * @returns null when there is none.
 */
export function rankNode({ nodeId, incarnation, networkPpm, cores }: PlacementNode): RankedNode | null {
  const [best] = cores
    .map((core) => ({ core: core.core, loadPpm: coreLoadPpm(core, networkPpm) }))
    .sort((a, b) => a.loadPpm - b.loadPpm || a.core - b.core);
  if (!best) return null;
  return { nodeId, incarnation, ...best, rankPpm: Math.max(best.loadPpm, networkPpm) };
}

/** Best first; ties by node id, so that the same state gives the same choice everywhere. */
export function compareRanked(a: RankedNode, b: RankedNode): number {
  return (
    a.rankPpm - b.rankPpm || compareText(a.nodeId, b.nodeId) || compareText(a.incarnation, b.incarnation)
  );
}

/** By code unit, which for ids is by byte; a locale's order would differ between machines. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
