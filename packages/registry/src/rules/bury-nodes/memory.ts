import type { Heartbeat, Lease } from "@fairlead/protocol";
import type { RegistryIndex } from "../../memory/registry-index.ts";
import type { HeartbeatReply } from "../../registry.ts";
import type { KnownNode } from "../nodes/known-node.ts";

/** The node is dead, or said goodbye: its rooms wait for heirs, the rest of it ends. */
export function bury({ nodes }: RegistryIndex, node: KnownNode): void {
  nodes.remove(node);
  nodes.graves.open(node.incarnation, node.leases);
}

/** Those longest silent, those that nobody could reach, and former runs of the node that beats. */
export function buryDead(
  index: RegistryIndex,
  { nodeId, incarnation, suspects }: Heartbeat,
  nowMs: number,
): void {
  const { nodes, policy } = index;
  const stalest: KnownNode[] = [];
  for (const node of nodes.byLastBeat()) {
    if (stalest.length >= policy.silentPerBeat || nodes.isAliveByTime(node, nowMs)) break;
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

/** Nodes that others should ask on the bus. */
export function lateNodes({ nodes, policy }: RegistryIndex, nowMs: number): HeartbeatReply["late"] {
  const late: HeartbeatReply["late"] = [];
  for (const { incarnation, lastBeatMs } of nodes.byLastBeat(nowMs - policy.nodeTtlMs)) {
    if (late.length >= policy.silentPerBeat || nowMs - lastBeatMs <= policy.lateAfterMs) break;
    late.push({ incarnation, silentMs: nowMs - lastBeatMs });
  }
  return late.filter(({ incarnation }) => nodes.isAlive(incarnation, nowMs));
}

/** @returns Leases of dead nodes: the node that beats is their heir. */
export function handOutOrphans({ nodes, rooms, orphans, leases }: RegistryIndex, nowMs: number): Lease[] {
  return orphans.due(nowMs).flatMap((roomId) => {
    const room = rooms.get(roomId);
    if (!room?.lease) {
      orphans.remove({ roomId });
      return [];
    }
    const { lease } = room;
    if (!nodes.isAlive(lease.incarnation, nowMs)) {
      orphans.handed(room, nowMs);
      return [{ ...lease }];
    }
    const holder = nodes.get(lease.incarnation);
    // A node that came back from its burial and does not name the room has closed it, unless it is still to say so.
    if (holder?.held.has(room) || holder?.leases.scoreOf(roomId) !== undefined) orphans.remove(room);
    else leases.end(room, nowMs);
    return [];
  });
}
