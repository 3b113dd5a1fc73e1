import type { Subscription } from "@fairlead/bus";
import { FairleadError, type NodeCallReply, RoomOptions, subjects } from "@fairlead/protocol";

type Room = NodeCallReply<"room.owner">;

/** The rooms of a scripted node: it answers for each on the bus, and takes those that it is asked to claim. */
export class ScriptedRooms {
  readonly #place: { nodeId: string; incarnation: string; core: number };
  readonly #serve: (subject: string) => Subscription;
  readonly #rooms = new Map<string, { room: Room; listening: Subscription }>();

  /** @param serve Answers the node's calls on a room's subject. */
  constructor(place: { nodeId: string; incarnation: string }, serve: (subject: string) => Subscription) {
    this.#place = { ...place, core: 0 };
    this.#serve = serve;
  }

  open({ lease, options, mutes }: Room): void {
    const { roomId } = lease;
    this.#rooms.get(roomId)?.listening.unsubscribe();
    const listening = this.#serve(subjects.roomOwner(roomId));
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
