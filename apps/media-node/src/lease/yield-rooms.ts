import { type Bus, decodeText, type Subscription } from "@fairlead/bus";
import { FairleadError, type Lease, parseJson, RoomControl, subjects } from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import type { Rooms } from "../rooms/rooms.ts";

export type YieldDeps = { incarnation: string; rooms: Rooms; bus: Bus; log: Logger };

/** Yields the room if another incarnation holds it under a higher epoch: only that is evidence that this node has lost it. */
export function yieldRoom(lease: Lease, { incarnation, rooms }: YieldDeps): void {
  const room = rooms.roomIfHere(lease.roomId);
  if (!room || lease.incarnation === incarnation || room.lease.epoch >= lease.epoch) return;
  rooms.yieldTo(room, lease);
}

/** The registry has confirmed the room under a higher epoch: the room goes on under that, unnoticed. */
export function renewRoom(lease: Lease, { incarnation, rooms }: YieldDeps): void {
  const room = rooms.roomIfHere(lease.roomId);
  if (room && lease.incarnation === incarnation && lease.core === room.lease.core) room.renew(lease);
}

/**
 * Yields the rooms that other nodes announce as theirs, also while the registry is away. Those that linger here hear what is moderated at
 * their present places.
 */
export function listenToMoves(deps: YieldDeps): Subscription {
  const { bus, log } = deps;
  return bus.subscribe(subjects.everyRoomControl, ({ data }) => {
    try {
      const control = parseJson(RoomControl, decodeText(data));
      if (control.type === "moved") yieldRoom(control.lease, deps);
      else deps.rooms.lingering.moderate(control);
    } catch (error) {
      if (!(error instanceof FairleadError)) throw error;
      log.warn("room_control.invalid", { error });
    }
  });
}
