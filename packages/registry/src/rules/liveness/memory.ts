import type { PlacementPolicy } from "../policy.ts";

/** What rules life and death besides a node's own heartbeats. */
export type Moment = {
  nowMs: number;
  /** No silence counts from before: until then the registry heard nobody. */
  aliveFloorMs: number;
};

/** @param ms A time of the policy. @returns The same for a node that was told to beat more rarely. */
export function inBeats(
  ms: number,
  { intervalMs }: { intervalMs?: number },
  { beatMs }: PlacementPolicy,
): number {
  return intervalMs === undefined ? ms : Math.floor((ms * intervalMs) / beatMs);
}

/** Time is proof of death; that somebody could not reach the node is a hint, which only shortens the time. */
export function isAliveByTime(
  node: { incarnation: string; lastBeatMs: number; intervalMs?: number },
  suspect: string | undefined,
  policy: PlacementPolicy,
  { nowMs, aliveFloorMs }: Moment,
): boolean {
  const ttlMs = inBeats(node.incarnation === suspect ? policy.suspectTtlMs : policy.nodeTtlMs, node, policy);
  return nowMs - Math.max(node.lastBeatMs, aliveFloorMs) <= ttlMs;
}
