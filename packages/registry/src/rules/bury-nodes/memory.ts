import type { Heartbeat, Lease } from "@fairlead/protocol";
import { learnedPpm, type RegistryIndex } from "../../memory/registry-index.ts";
import type { HeartbeatReply } from "../../registry.ts";
import { inBeats } from "../liveness/memory.ts";
import type { KnownNode } from "../nodes/known-node.ts";

/** The node is dead, or said goodbye: its rooms wait for heirs, the rest of it ends. */
export function bury({ nodes, groups, costs }: RegistryIndex, node: KnownNode, nowMs: number): void {
  nodes.remove(node);
  groups.end(node.incarnation, { nowMs, roomCostPpm: learnedPpm(costs) });
  nodes.graves.open(node.incarnation, node.leases);
}

/** @returns The longest silent of those that are late or dead, if they beat as often as this node. */
export function silentNodes(
  { nodes, policy }: RegistryIndex,
  incarnation: string,
  nowMs: number,
): KnownNode[] {
  const lateAfterMs = inBeats(policy.lateAfterMs, nodes.get(incarnation) ?? {}, policy);
  const silent: KnownNode[] = [];
  for (const node of nodes.byLastBeat()) {
    if (silent.length >= policy.silentPerBeat || nowMs - node.lastBeatMs <= lateAfterMs) break;
    silent.push(node);
  }
  return silent;
}

/** Of those that are silent, those that nobody could reach, and former runs of the node that beats. */
export function buryDead(
  index: RegistryIndex,
  { nodeId, incarnation, suspects }: Heartbeat,
  { silent, nowMs }: { silent: readonly KnownNode[]; nowMs: number },
): void {
  const { nodes, policy } = index;
  const stalest = silent.filter((node) => !nodes.isAliveByTime(node, nowMs));
  const unreachable = suspects.flatMap((suspect) => {
    const node = nodes.get(suspect);
    return node && !nodes.isAliveByTime(node, nowMs, suspect) ? [node] : [];
  });
  const isSilent = (run: KnownNode) => nowMs - run.lastBeatMs > inBeats(policy.suspectTtlMs, run, policy);
  const formerRuns = nodes.runsOf(nodeId).filter((run) => run.incarnation !== incarnation && isSilent(run));
  for (const node of new Set([...stalest, ...unreachable, ...formerRuns])) bury(index, node, nowMs);
}

/** Nodes that others should ask on the bus. */
export function lateNodes(
  { nodes, policy }: RegistryIndex,
  silent: readonly KnownNode[],
  nowMs: number,
): HeartbeatReply["late"] {
  // As they are now: one of them may be the node that beats.
  const known = silent.flatMap(({ incarnation }) => nodes.get(incarnation) ?? []);
  return known
    .filter((node) => nowMs - node.lastBeatMs > inBeats(policy.lateAfterMs, node, policy))
    .filter(({ incarnation }) => nodes.isAlive(incarnation, nowMs))
    .map(({ incarnation, lastBeatMs, intervalMs }) => ({
      incarnation,
      silentMs: nowMs - lastBeatMs,
      intervalMs,
    }));
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
