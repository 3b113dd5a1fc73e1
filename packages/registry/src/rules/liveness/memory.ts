import type { PlacementPolicy } from "../policy.ts";

/** What rules life and death besides a node's own heartbeats. */
export type Moment = {
  nowMs: number;
  /** No silence counts from before: until then the registry heard nobody. */
  aliveFloorMs: number;
};

/** Time is proof of death; that somebody could not reach the node is a hint, which only shortens the time. */
export function isAliveByTime(
  node: { incarnation: string; lastBeatMs: number },
  suspect: string | undefined,
  policy: PlacementPolicy,
  { nowMs, aliveFloorMs }: Moment,
): boolean {
  const ttlMs = node.incarnation === suspect ? policy.suspectTtlMs : policy.nodeTtlMs;
  return nowMs - Math.max(node.lastBeatMs, aliveFloorMs) <= ttlMs;
}
