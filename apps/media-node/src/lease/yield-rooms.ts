import { type Bus, decodeText, type Subscription } from "@fairlead/bus";
import { FairleadError, type Lease, parseJson, RoomControl, subjects } from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import type { Rooms } from "../rooms/rooms.ts";

export type YieldDeps = { incarnation: string; rooms: Rooms; bus: Bus; log: Logger };

/** Another run of a node holds the room under a higher epoch: only that is evidence that it is not ours any more. */
export function yieldRoom(lease: Lease, { incarnation, rooms }: YieldDeps): void {
  const room = rooms.roomIfHere(lease.roomId);
  if (!room || lease.incarnation === incarnation || room.lease.epoch >= lease.epoch) return;
  rooms.yieldTo(room, lease);
}

/** The registry has confirmed the room under a higher epoch: it goes on, nobody notices. */
export function renewRoom(lease: Lease, { incarnation, rooms }: YieldDeps): void {
  const room = rooms.roomIfHere(lease.roomId);
  if (room && lease.incarnation === incarnation && lease.core === room.lease.core) room.renew(lease);
}

/** Yields the rooms that others say they have, also while the registry can't tell. */
export function listenToMoves(deps: YieldDeps): Subscription {
  const { bus, log } = deps;
  return bus.subscribe(subjects.everyRoomControl, ({ data }) => {
    try {
      yieldRoom(parseJson(RoomControl, decodeText(data)).lease, deps);
    } catch (error) {
      if (!(error instanceof FairleadError)) throw error;
      log.warn("room_control.invalid", { error });
    }
  });
}
