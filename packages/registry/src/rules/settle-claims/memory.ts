import type { Lease, PlacementDecision, ServedLease } from "@fairlead/protocol";
import type { RegistryIndex } from "../../memory/registry-index.ts";
import type { KnownNode } from "../nodes/known-node.ts";
import type { Room } from "../rooms/memory.ts";

/** What the node hears: leases of others, and its own under a higher epoch. */
export type Verdict = { lost: Lease } | { renewed: Lease } | null;

/** One lease that a node says it serves, beside what the registry knows. */
type Claim = { node: KnownNode; served: ServedLease; room: Room };

/**
 * Takes a node's word for the leases that it names, and settles who keeps a room that two serve: the higher epoch, or, where a
 * node claimed it alone while the registry was away, the one with most peers.
 */
export function settleClaim(
  index: RegistryIndex,
  node: KnownNode,
  served: ServedLease,
  nowMs: number,
): { room: Room; verdict: Verdict } {
  const room = index.rooms.obtain(served.roomId, nowMs);
  const claim = { node, served, room };
  const { lease } = room;
  if (lease?.incarnation === node.incarnation)
    return { room, verdict: settleOwn(index, claim, lease, nowMs) };
  return { room, verdict: settleAgainst(index, claim, lease, nowMs) };
}

function settleOwn(index: RegistryIndex, claim: Claim, held: Lease, nowMs: number): Verdict {
  const { node, served, room } = claim;
  if (held.epoch < served.epoch) return takeUp(index, claim, served.epoch, nowMs);
  const isTie = held.epoch === served.epoch;
  if (held.core !== served.core) {
    // Placed anew lately, and not named by the node: its join is on its way there. Otherwise the node itself changed cores.
    const isAwaited = !isTie && index.leases.isAwaited(room, nowMs);
    return isAwaited ? null : takeUp(index, claim, higher(claim), nowMs);
  }
  index.leases.confirm(room, node, served.peers);
  if (!isTie) return { renewed: { ...held } };
  room.isLocal = served.isLocal;
  return null;
}

function settleAgainst(index: RegistryIndex, claim: Claim, held: Lease | null, nowMs: number): Verdict {
  const { served, room } = claim;
  if (!held) return takeUp(index, claim, served.epoch, nowMs);
  const isHolderAlive = index.nodes.isAlive(held.incarnation, nowMs);
  const isTie = held.epoch === served.epoch;
  const isContested = isHolderAlive && (served.isLocal || room.isLocal || isTie);
  if (held.epoch < served.epoch) {
    if (!isContested || room.peers <= served.peers) return takeUp(index, claim, served.epoch, nowMs);
    return { lost: { ...index.leases.raise(room, held, higher(claim)) } };
  }
  if (isContested ? served.peers > room.peers : isTie) return takeUp(index, claim, higher(claim), nowMs);
  return { lost: { ...(isTie ? index.leases.raise(room, held, higher(claim)) : held) } };
}

/** @returns An epoch that neither of two that have the same, nor anybody else, was given. */
function higher({ room, served }: Claim): number {
  return Math.max(room.lastEpoch, served.epoch) + 1;
}

/** The node knows of a lease that this index lost, or never heard of; or it wins one, under a higher epoch than it named. */
function takeUp(
  { leases }: RegistryIndex,
  { node, served, room }: Claim,
  epoch: number,
  nowMs: number,
): Verdict {
  const { nodeId, incarnation } = node;
  const isRaised = epoch !== served.epoch;
  const lease = { roomId: room.roomId, nodeId, incarnation, core: served.core, epoch };
  const decision: PlacementDecision = { reason: "claimed_by_node", atMs: nowMs, candidates: [] };
  leases.give(room, { lease, decision, isConfirmed: true, isLocal: served.isLocal && !isRaised });
  room.peers = served.peers;
  return isRaised ? { renewed: { ...lease } } : null;
}

/** Ends what the node has not named in time, longest first. */
export function endLapsedClaims(
  { nodes, leases, rooms, policy }: RegistryIndex,
  node: KnownNode,
  nowMs: number,
): void {
  if (nowMs - nodes.momentAt(nowMs).aliveFloorMs <= policy.confirmWithinMs) return;
  const lapsed = node.claims.between(
    Number.NEGATIVE_INFINITY,
    nowMs - policy.confirmWithinMs,
    policy.endedPerBeat,
  );
  for (const roomId of lapsed) {
    const room = rooms.get(roomId);
    node.claims.delete(roomId);
    if (room?.lease?.incarnation === node.incarnation && !room.isConfirmed) leases.end(room, nowMs);
  }
}
