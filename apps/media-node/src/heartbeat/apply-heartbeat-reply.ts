import type { Heartbeat } from "@fairlead/protocol";
import type { HeartbeatReply } from "@fairlead/registry";
import type { LeaseDeps } from "../lease/open-and-tell.ts";
import { takeOverOrphans } from "../lease/take-over-orphans.ts";
import { renewRoom, yieldRoom } from "../lease/yield-rooms.ts";
import type { LateNodes } from "./late-nodes.ts";
import type { LeaseReport } from "./lease-report.ts";
import type { LostNodes } from "./lost-nodes.ts";
import type { ObservedCosts } from "./observed-costs.ts";
import type { SettledDebits } from "./settled-debits.ts";

export type ReplyDeps = LeaseDeps & {
  leases: LeaseReport;
  debits: SettledDebits;
  costs: ObservedCosts;
  lateNodes: LateNodes;
  lostNodes: LostNodes;
  /** Sends another one. */
  beat: () => unknown;
  now: () => number;
  /** The registry has lost what was said about the room. */
  onRecordLost: (roomId: string) => void;
};

/** A registry that takes longer is busy: then what is left to tell waits for the regular beats. */
const QUICK_MS = 250;

/**
 * Does what the registry's answer to a heartbeat asks for.
 * @returns Whether the registry has told all that it knows of this node's leases.
 */
export function applyHeartbeatReply(
  beat: Heartbeat,
  sentMs: number,
  reply: HeartbeatReply,
  deps: ReplyDeps,
): boolean {
  deps.debits.noteAnswer(beat.settledDebits, beat.seatedDebits);
  deps.costs.noteAnswer(beat.observedCosts);
  const isConclusive = deps.leases.noteAnswer(beat.leases, reply);
  for (const lease of reply.lost) yieldRoom(lease, deps);
  for (const lease of reply.renewed) renewRoom(lease, deps);
  confirmClaims(beat, deps);
  for (const roomId of reply.recordsLost) deps.onRecordLost(roomId);
  deps.lateNodes.note(reply.late);
  // As soon as possible: a registry that begins anew places rooms again once it should know those that there are.
  if (!isConclusive && deps.now() - sentMs < QUICK_MS) deps.beat();
  inherit(reply, deps);
  return isConclusive;
}

/** Also from an answer that a newer one has overtaken: the registry hands each room to one node. */
export function inherit({ orphans }: HeartbeatReply, deps: ReplyDeps): void {
  deps.lostNodes.note(orphans);
  const livesOn = (incarnation: string) => deps.lostNodes.livesOn(incarnation);
  // There may be more than one answer holds.
  if (orphans.length > 0) void takeOverOrphans(orphans, { ...deps, livesOn }).then(deps.beat);
}

/** The registry has taken up the rooms that this node claimed by itself and has not just lost. */
function confirmClaims({ leases }: Heartbeat, { rooms }: ReplyDeps): void {
  for (const { roomId, epoch, isLocal } of leases.named) {
    const room = isLocal ? rooms.roomIfHere(roomId) : undefined;
    if (room?.lease.epoch === epoch) room.isLocal = false;
  }
}
