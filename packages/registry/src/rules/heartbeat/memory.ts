import type { Heartbeat } from "@fairlead/protocol";
import type { RegistryIndex } from "../../memory/registry-index.ts";
import type { HeartbeatReply } from "../../registry.ts";
import { buryDead, handOutOrphans, lateNodes } from "../bury-nodes/memory.ts";
import type { KnownNode } from "../nodes/known-node.ts";
import { toPpm } from "../policy.ts";
import { endUnserved, settleClaim } from "../settle-claims/memory.ts";

export function takeHeartbeat(
  index: RegistryIndex,
  beat: Heartbeat,
  nowMs: number,
): Omit<HeartbeatReply, "behindMs"> {
  index.nodes.hear(nowMs);
  buryDead(index, beat, nowMs);
  const node = index.nodes.renew(beat, nowMs);
  watchBus(index, node, nowMs);
  index.reservations.settle(node, beat.settledDebits);
  const verdicts = beat.leases.named.map((served) => settleClaim(index, node, served, nowMs));
  endUnserved(index, node, beat, nowMs);
  for (const { kind, load } of beat.observedCosts) index.costs[kind].observe(toPpm(load));
  index.reservations.refresh(node, nowMs);
  const mayInherit = node.state === "ready" && node.busConnected;
  return {
    lost: verdicts.flatMap((verdict) => (verdict && "lost" in verdict ? [verdict.lost] : [])),
    renewed: verdicts.flatMap((verdict) => (verdict && "renewed" in verdict ? [verdict.renewed] : [])),
    needsAllLeases: !isSameDigest(node, beat),
    orphans: mayInherit ? handOutOrphans(index, nowMs) : [],
    late: lateNodes(index, nowMs),
  };
}

/** A node that has been cut off for too long gives its rooms up; once it has the bus again it keeps those that nobody took. */
function watchBus({ nodes, orphans }: RegistryIndex, node: KnownNode, nowMs: number): void {
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
