import type { CoreAddress } from "@fairlead/protocol";
import { coreLoadPpm } from "./core-load.ts";
import { eligibleNodes } from "./eligible-nodes.ts";
import type { PlacementNode, PlacementPolicy, PlacementWish } from "./placement-policy.ts";
import { compareRanked, type RankedNode, rankNode } from "./rank-node.ts";

export type Choice =
  | { state: "chosen"; core: CoreAddress; ranked: RankedNode[] }
  | { state: "no_capacity"; retryAfterMs: number };

/** Full nodes say something new with their next heartbeats. */
const RETRY_WHEN_FULL_MS = 1_000;
/** Where no node may take the room at all, somebody has to start one. */
const RETRY_WHEN_NONE_MS = 5_000;

/**
 * The least-loaded core of the least-loaded node that may take a new room and has room for it. Nodes outside the preferred
 * region are looked at only when none inside has room.
 */
export function chooseCore(
  nodes: readonly PlacementNode[],
  wish: PlacementWish,
  policy: PlacementPolicy,
  nowMs: number,
): Choice {
  const eligible = eligibleNodes(nodes, wish, policy, nowMs);
  const ranked = preferredPool(eligible.map((node) => withoutFullCores(node, policy)).filter(hasCores), wish)
    .map(rankNode)
    .filter((node) => node !== null)
    .sort(compareRanked);
  const [best] = ranked;
  if (!best)
    return {
      state: "no_capacity",
      retryAfterMs: eligible.length > 0 ? RETRY_WHEN_FULL_MS : RETRY_WHEN_NONE_MS,
    };
  const { nodeId, incarnation, core } = best;
  return { state: "chosen", core: { nodeId, incarnation, core }, ranked };
}

function withoutFullCores(node: PlacementNode, policy: PlacementPolicy): PlacementNode {
  const isFull = (loadPpm: number) => loadPpm + policy.roomCostPpm >= policy.fullPpm;
  return { ...node, cores: node.cores.filter((core) => !isFull(coreLoadPpm(core, node.networkPpm))) };
}

function hasCores(node: PlacementNode): boolean {
  return node.cores.length > 0;
}

function preferredPool(nodes: PlacementNode[], { region }: PlacementWish): PlacementNode[] {
  const inRegion = nodes.filter((node) => node.region === region);
  return inRegion.length > 0 ? inRegion : nodes;
}
