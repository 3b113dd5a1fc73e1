import { type Bus, type NodeCallHandlers, type Subscription, serveSubject } from "@fairlead/bus";
import { FairleadError, type NodeCallReply, RoomOptions, subjects } from "@fairlead/protocol";

type Room = NodeCallReply<"room.owner">;

/** The rooms of a scripted node: it answers for each on the bus, and takes those that it is asked to claim. */
export class ScriptedRooms {
  readonly #bus: Bus;
  readonly #place: { nodeId: string; incarnation: string; core: number };
  readonly #handlers: () => NodeCallHandlers;
  readonly #rooms = new Map<string, { room: Room; listening: Subscription }>();

  /** @param handlers How the node answers those who ask on a room's subject. */
  constructor(bus: Bus, nodeId: string, incarnation: string, handlers: () => NodeCallHandlers) {
    this.#bus = bus;
    this.#place = { nodeId, incarnation, core: 0 };
    this.#handlers = handlers;
  }

  open({ lease, options, mutes }: Room): void {
    const { roomId } = lease;
    this.#rooms.get(roomId)?.listening.unsubscribe();
    const { "room.owner": answer } = this.#handlers();
    const listening = serveSubject(
      this.#bus,
      subjects.roomOwner(roomId),
      { "room.owner": answer },
      (error) => {
        throw error;
      },
    );
    this.#rooms.set(roomId, { room: { lease, options, mutes }, listening });
  }

  /** @throws {FairleadError} `room_not_found`. */
  find(roomId: string): Room {
    const served = this.#rooms.get(roomId);
    if (!served) throw new FairleadError("room_not_found");
    return served.room;
  }

  claim(roomId: string): Room {
    const lease = { roomId, epoch: 1, ...this.#place };
    if (!this.#rooms.has(roomId)) this.open({ lease, options: RoomOptions.parse({}), mutes: [] });
    return this.find(roomId);
  }

  close(): void {
    for (const { listening } of this.#rooms.values()) listening.unsubscribe();
    this.#rooms.clear();
  }
}
