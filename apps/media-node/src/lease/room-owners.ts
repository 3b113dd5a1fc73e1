import { type Bus, type Subscription, serveSubject } from "@fairlead/bus";
import { FairleadError, type NodeCallReply, type NodeCallRequest, subjects } from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import type { Revalidation } from "../heartbeat/revalidation.ts";
import type { Room } from "../room/room.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { placedRoom } from "./claims.ts";

export type RoomOwnersOptions = {
  bus: Bus;
  log: Logger;
  rooms: Pick<Rooms, "roomIfHere">;
  revalidation: Revalidation;
};

/** Tells signaling processes that can't ask the registry which rooms this node serves. */
export class RoomOwners {
  readonly #options: RoomOwnersOptions;
  readonly #served = new Map<Room, Subscription>();

  constructor(options: RoomOwnersOptions) {
    this.#options = options;
  }

  /**
   * In force before any peer of the room hears that it is admitted: the bus takes this node's messages in order, and the answer to
   * the join comes after this subscription.
   */
  serve(room: Room): void {
    const { bus, log, revalidation } = this.#options;
    const handlers = {
      "room.owner": async (request: NodeCallRequest<"room.owner">) => {
        await revalidation.pass();
        return this.#answer(request);
      },
    };
    const onBug = (error: unknown, name: string) => log.error("call.failed", { name, error });
    this.#served.set(room, serveSubject(bus, subjects.roomOwner(room.roomId), handlers, { onBug }));
  }

  stop(room: Room): void {
    this.#served.get(room)?.unsubscribe();
    this.#served.delete(room);
  }

  #answer({ roomId, peer }: NodeCallRequest<"room.owner">): NodeCallReply<"room.owner"> {
    const room = this.#options.rooms.roomIfHere(roomId);
    if (!room) throw new FairleadError("room_not_found");
    if (room.bans.has(peer)) throw new FairleadError("banned", { message: `banned from room ${roomId}` });
    return placedRoom(room);
  }
}
