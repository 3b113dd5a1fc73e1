import { isAlive } from "./liveness.ts";
import type { PlacementNode, PlacementPolicy, PlacementWish } from "./placement-policy.ts";

/**
 * Nodes that may take a room at all, each with those of its cores that may: alive, ready, reachable over the bus, with every
 * label; cores with a running worker that the caller does not exclude. Whether they have room is asked later.
 */
export function eligibleNodes(
  nodes: readonly PlacementNode[],
  wish: PlacementWish,
  policy: PlacementPolicy,
  nowMs: number,
): PlacementNode[] {
  return nodes
    .filter((node) => isAlive(node, wish.suspect, policy, nowMs) && takesRooms(node, wish))
    .map((node) => ({ ...node, cores: eligibleCores(node, wish) }))
    .filter((node) => node.cores.length > 0);
}

function takesRooms(node: PlacementNode, { labels = [] }: PlacementWish): boolean {
  return node.state === "ready" && node.busConnected && labels.every((label) => node.labels.includes(label));
}

function eligibleCores({ incarnation, cores }: PlacementNode, { exclude = [] }: PlacementWish) {
  const isExcluded = (core: number) =>
    exclude.some((address) => address.incarnation === incarnation && address.core === core);
  return cores.filter(({ core, usable }) => usable && !isExcluded(core));
}
