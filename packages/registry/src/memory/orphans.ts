import type { Heartbeat, Lease } from "@fairlead/protocol";
import type { NodeTable } from "./node-table.ts";
import type { Room, RoomTable } from "./room-table.ts";

/** One heartbeat's reply is bounded; the rest goes with the next ones, to whichever node beats. */
const ORPHANS_PER_BEAT = 100;
/** An heir that has not placed a room by then has lost the reply, or found no capacity: another one's turn. */
const HEIR_PATIENCE_MS = 10_000;

/** @returns Leases of dead nodes, each handed to the node that beats and to nobody else while that lives. */
export function handOutOrphans(beat: Heartbeat, rooms: RoomTable, nodes: NodeTable, nowMs: number): Lease[] {
  if (beat.state !== "ready" || !beat.busConnected) return [];
  const orphans = rooms
    .holders()
    .filter((incarnation) => !nodes.isAlive(incarnation, nowMs))
    .flatMap((incarnation) => rooms.heldBy(incarnation))
    .filter((room) => !hasHeir(room, nodes, nowMs))
    .slice(0, ORPHANS_PER_BEAT);
  return orphans.flatMap((room) => {
    room.heir = { incarnation: beat.incarnation, atMs: nowMs };
    return room.lease ? { ...room.lease } : [];
  });
}

function hasHeir({ heir }: Room, nodes: NodeTable, nowMs: number): boolean {
  return heir !== null && nodes.isAlive(heir.incarnation, nowMs) && nowMs - heir.atMs <= HEIR_PATIENCE_MS;
}
