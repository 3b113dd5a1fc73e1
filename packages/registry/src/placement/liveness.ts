import type { PlacementPolicy } from "./placement-policy.ts";

/** Time is proof of death; that a caller could not reach the node is a hint, which only shortens the time. */
export function isAlive(
  node: { incarnation: string; lastBeatMs: number },
  suspect: string | undefined,
  policy: PlacementPolicy,
  nowMs: number,
): boolean {
  const ttlMs = node.incarnation === suspect ? policy.suspectTtlMs : policy.nodeTtlMs;
  return nowMs - node.lastBeatMs <= ttlMs;
}
