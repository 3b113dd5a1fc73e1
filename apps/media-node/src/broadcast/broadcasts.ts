import { FairleadError } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import type { Hooks } from "../hooks/hooks.ts";
import type { Room } from "../room/room.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { RoomBroadcast } from "./room-broadcast.ts";

export type BroadcastsOptions = {
  rooms: Rooms;
  registry: Pick<Registry, "updateRoom" | "describeRoom">;
  hooks: Hooks;
  log: Logger;
};

/** The broadcasts of the rooms that are here. Each is known once its record has been read. */
export class Broadcasts {
  readonly #options: BroadcastsOptions;
  readonly #known = new WeakMap<Room, RoomBroadcast>();
  readonly #reading = new WeakMap<Room, Promise<void>>();

  constructor(options: BroadcastsOptions) {
    this.#options = options;
    options.rooms.watch({
      onOpened: (room) => isBroadcast(room) && void this.#read(room).catch(() => {}),
      onClosed: (room) => this.#known.get(room)?.stop(),
    });
  }

  ifKnown(room: Room): RoomBroadcast | undefined {
    return this.#known.get(room);
  }

  /**
   * Of a room whose record may not have been read yet.
   * @throws {FairleadError} `broadcast_not_found`: the room is none; `registry_unreachable`, `registry_cold`: nobody can say.
   */
  async of(room: Room): Promise<RoomBroadcast> {
    if (!this.#known.has(room)) await this.#read(room);
    const broadcast = this.#known.get(room);
    if (!broadcast) throw new FairleadError("broadcast_not_found");
    return broadcast;
  }

  /** Called about once a second. */
  async tick(): Promise<void> {
    const rooms = this.#options.rooms.all().filter(isBroadcast);
    await Promise.all(rooms.map((room) => this.#known.get(room)?.tick() ?? this.#read(room).catch(() => {})));
  }

  /** One read at a time. */
  #read(room: Room): Promise<void> {
    const reading = this.#reading.get(room) ?? this.#readOnce(room).finally(() => this.#reading.delete(room));
    this.#reading.set(room, reading);
    return reading;
  }

  async #readOnce(room: Room): Promise<void> {
    const { rooms, registry, hooks } = this.#options;
    const record = (await registry.describeRoom(room.roomId))?.broadcast;
    if (!record || !rooms.isHere(room) || this.#known.has(room)) return;
    const broadcast = new RoomBroadcast({
      room,
      record,
      registry,
      hooks,
      onEnded: () => {
        if (rooms.isHere(room)) rooms.close(room, "the broadcast has ended", "broadcast_ended");
      },
    });
    this.#known.set(room, broadcast);
    room.broadcast = broadcast;
  }
}

function isBroadcast({ options }: Room): boolean {
  return options.kind === "broadcast";
}
