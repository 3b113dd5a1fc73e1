import type { Heartbeat, RoomKind } from "@fairlead/protocol";
import type { CostHistogram } from "../placement/learned-cost.ts";
import { type PlacementPolicy, toPpm } from "../placement/placement-policy.ts";
import type { HeartbeatReply } from "../registry.ts";
import type { KnownNode } from "./known-node.ts";
import type { Leases } from "./leases.ts";
import type { NodeTable } from "./node-table.ts";
import type { Orphans } from "./orphans.ts";
import type { Reservations } from "./reservations.ts";
import type { RoomTable } from "./room-table.ts";
import { endUnserved, settleClaim } from "./settle-claims.ts";

export type Index = {
  policy: PlacementPolicy;
  nodes: NodeTable;
  rooms: RoomTable;
  orphans: Orphans;
  reservations: Reservations;
  leases: Leases;
  costs: Record<RoomKind, CostHistogram>;
};

/** Of dead nodes that one heartbeat buries, and of late ones that it tells. */
const PER_BEAT = 4;

export function takeHeartbeat(index: Index, beat: Heartbeat, nowMs: number): HeartbeatReply {
  index.nodes.hear(nowMs);
  buryDead(index, beat, nowMs);
  const node = index.nodes.renew(beat, nowMs);
  watchBus(index, node, nowMs);
  index.reservations.settle(node, beat.settledDebits);
  const verdicts = beat.leases.named.map((served) => settleClaim(index, node, served, nowMs));
  endUnserved(index.leases, node, beat, nowMs - index.policy.confirmWithinMs);
  for (const { kind, load } of beat.observedCosts) index.costs[kind].observe(toPpm(load));
  index.reservations.refresh(node, nowMs);
  const mayInherit = node.state === "ready" && node.busConnected;
  return {
    lost: verdicts.flatMap((verdict) => (verdict && "lost" in verdict ? [verdict.lost] : [])),
    renewed: verdicts.flatMap((verdict) => (verdict && "renewed" in verdict ? [verdict.renewed] : [])),
    needsAllLeases: !isSameDigest(node, beat),
    orphans: mayInherit ? index.orphans.handOut(nowMs) : [],
    late: lateNodes(index, nowMs),
  };
}

/** The node is dead, or said goodbye: its rooms wait for heirs, the rest of it ends. */
export function bury({ nodes, orphans }: Index, node: KnownNode): void {
  for (const room of node.held) orphans.add(room);
  nodes.remove(node);
}

function buryDead(index: Index, { nodeId, incarnation, suspects }: Heartbeat, nowMs: number): void {
  const { nodes, policy } = index;
  const stalest: KnownNode[] = [];
  for (const node of nodes.byLastBeat()) {
    if (stalest.length >= PER_BEAT || nodes.isAliveByTime(node, nowMs)) break;
    stalest.push(node);
  }
  const unreachable = suspects.flatMap((suspect) => {
    const node = nodes.get(suspect);
    return node && !nodes.isAliveByTime(node, nowMs, suspect) ? [node] : [];
  });
  const isSilent = (run: KnownNode) => nowMs - run.lastBeatMs > policy.suspectTtlMs;
  const formerRuns = nodes.runsOf(nodeId).filter((run) => run.incarnation !== incarnation && isSilent(run));
  for (const node of new Set([...stalest, ...unreachable, ...formerRuns])) bury(index, node);
}

function watchBus({ nodes, orphans }: Index, node: KnownNode, nowMs: number): void {
  if (node.busConnected) {
    nodes.bus.connected(nowMs);
    node.cutSinceMs = null;
  } else {
    nodes.bus.disconnected(nowMs);
    node.cutSinceMs ??= nowMs;
  }
  const isCut = nodes.bus.isCut(node, nowMs);
  if (isCut && !node.wasCutOff) for (const room of node.held) orphans.add(room);
  if (node.busConnected && node.wasCutOff) for (const room of node.held) orphans.remove(room);
  node.wasCutOff = isCut;
}

function isSameDigest({ digest }: KnownNode, { leases }: Heartbeat): boolean {
  return digest.count === leases.count && digest.epochSum === leases.epochSum;
}

function lateNodes({ nodes, policy }: Index, nowMs: number): HeartbeatReply["late"] {
  const late: HeartbeatReply["late"] = [];
  for (const { incarnation, lastBeatMs } of nodes.byLastBeat(nowMs - policy.nodeTtlMs)) {
    if (late.length >= PER_BEAT || nowMs - lastBeatMs <= policy.lateAfterMs) break;
    late.push({ incarnation, silentMs: nowMs - lastBeatMs });
  }
  return late.filter(({ incarnation }) => nodes.isAlive(incarnation, nowMs));
}
