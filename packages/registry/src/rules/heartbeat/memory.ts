import type { Heartbeat } from "@fairlead/protocol";
import { learnedPpm, type RegistryIndex } from "../../memory/registry-index.ts";
import type { HeartbeatReply } from "../../registry.ts";
import { buryDead, handOutOrphans, lateNodes, silentNodes } from "../bury-nodes/memory.ts";
import { shareOf } from "../capacity/share.ts";
import { differingBuckets, isSameDigest, takePage } from "../lease-pages/memory.ts";
import type { KnownNode } from "../nodes/known-node.ts";
import { toPpm } from "../policy.ts";
import type { Room } from "../rooms/memory.ts";
import { endLapsedClaims, settleClaim } from "../settle-claims/memory.ts";

/**
 * @param clockMs The node's time: a beat that was sent before another one that came here earlier does not know what that said.
 * @param ageMs For how long there has been this index.
 */
export function takeHeartbeat(
  index: RegistryIndex,
  beat: Heartbeat,
  { nowMs, clockMs, ageMs }: { nowMs: number; clockMs: number; ageMs: number },
): Omit<HeartbeatReply, "behindMs"> {
  index.nodes.hear(nowMs);
  const silent = silentNodes(index, beat.incarnation, nowMs);
  buryDead(index, beat, { silent, nowMs });
  const isFirst = index.nodes.get(beat.incarnation) === undefined;
  const offered = index.nodes.get(beat.incarnation)?.offers;
  const node = index.nodes.renew(beat, nowMs);
  const wasCutOff = node.wasCutOff;
  watchBus(index, node, nowMs);
  index.reservations.seat(node, beat.seatedDebits ?? []);
  index.reservations.settle(node, beat.settledDebits);
  const settled = beat.leases.named.map((served) => settleClaim(index, node, served, nowMs));
  endLapsedClaims(index, node, nowMs);
  const { page } = beat.leases;
  if (page && clockMs >= node.ownMs)
    takePage(index, node, { page, named: settled.map(({ room }) => room) }, nowMs);
  const differing = differingBuckets(node, beat.leases);
  for (const { kind, load } of beat.observedCosts) index.costs[kind].observe(toPpm(load));
  const hasEnded = index.reservations.refresh(node, nowMs);
  const isToldAll = isSameDigest(node.digest, beat.leases);
  index.nodes.telling.note(node.incarnation, { isFirst, isToldAll }, ageMs);
  index.nodes.graves.dig(index.orphans);
  node.offers = offersOf(node);
  const isOther = node.offers !== offered || node.wasCutOff !== wasCutOff;
  const isNews = isFirst || hasEnded || isOther || saysMore(beat);
  if (isNews || nowMs >= node.shareDueMs) tellShare(index, node, nowMs);
  const mayInherit = node.state === "ready" && node.busConnected;
  return {
    lost: settled.flatMap(({ verdict }) => (verdict && "lost" in verdict ? [verdict.lost] : [])),
    renewed: settled.flatMap(({ verdict }) => (verdict && "renewed" in verdict ? [verdict.renewed] : [])),
    recordsLost: [...new Set(settled.flatMap(({ room }) => (isRecordLost(node, room) ? [room.roomId] : [])))],
    leasesDiffer: !isToldAll,
    differingBuckets: differing,
    orphans: mayInherit ? handOutOrphans(index, nowMs) : [],
    late: lateNodes(index, silent, nowMs),
    intervalMs: node.intervalMs,
  };
}

/**
 * A node that drains says with each beat what it still carries, since its rooms count elsewhere by then; any other where something has
 * changed besides its loads, or now and then.
 */
function saysMore({ state, leases, settledDebits }: Heartbeat): boolean {
  return (
    state === "draining" || leases.named.length > 0 || leases.page !== undefined || settledDebits.length > 0
  );
}

function offersOf({ state, busConnected, region, labels }: KnownNode): string {
  return state === "ready" && busConnected ? JSON.stringify([region, ...new Set(labels)]) : "";
}

function tellShare({ groups, costs, policy }: RegistryIndex, node: KnownNode, nowMs: number): void {
  const { incarnation, region, labels } = node;
  const roomCostPpm = learnedPpm(costs);
  groups.tell(incarnation, shareOf(node, roomCostPpm, policy), { nowMs, roomCostPpm, region, labels });
  node.shareDueMs = nowMs + policy.shareEveryMs;
}

function isRecordLost({ incarnation }: KnownNode, { said, lease }: Room): boolean {
  return said !== null && lease?.incarnation === incarnation;
}

/** A node that has been cut off for too long gives its rooms up; once it has the bus again it keeps those that nobody took. */
function watchBus({ nodes }: RegistryIndex, node: KnownNode, nowMs: number): void {
  if (node.busConnected) {
    nodes.bus.connected(nowMs);
    node.cutSinceMs = null;
  } else {
    nodes.bus.disconnected(nowMs);
    node.cutSinceMs ??= nowMs;
  }
  const isCut = nodes.bus.isCut(node, nowMs);
  if (isCut && !node.wasCutOff) nodes.graves.open(node.incarnation, node.leases);
  // What was dug out already is handed to nobody: the node is alive.
  if (node.busConnected && node.wasCutOff) nodes.graves.close(node.incarnation);
  node.wasCutOff = isCut;
}
