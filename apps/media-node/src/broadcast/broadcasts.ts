import { FairleadError } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import type { Hooks } from "../hooks/hooks.ts";
import { closeProducer } from "../room/close-producer.ts";
import type { PeerInRoom, Room } from "../room/room.ts";
import type { Rooms } from "../rooms/rooms.ts";
import type { PackagerReach } from "./package-job.ts";
import { RoomBroadcast } from "./room-broadcast.ts";

export type BroadcastsOptions = {
  rooms: Rooms;
  registry: Pick<Registry, "updateRoom" | "describeRoom">;
  hooks: Hooks;
  log: Logger;
  packagerReach: PackagerReach;
};

/** The broadcasts of the rooms that are here. Each is known once its record has been read. */
export class Broadcasts {
  readonly #options: BroadcastsOptions;
  readonly #known = new WeakMap<Room, RoomBroadcast>();
  /** Rooms that are none: their record says so, and none can become one while it is here. */
  readonly #none = new WeakSet<Room>();
  readonly #reading = new WeakMap<Room, Promise<void>>();

  constructor(options: BroadcastsOptions) {
    this.#options = options;
    options.rooms.watch({
      onOpened: (room) => isBroadcast(room) && void this.#read(room).catch(() => {}),
      onClosed: (room) => this.#known.get(room)?.stop(),
    });
  }

  /**
   * Of a room whose record may not have been read yet.
   * @returns null for a room that is none, of whatever kind.
   * @throws {FairleadError} `registry_unreachable`, `registry_cold`: nobody can say.
   */
  async find(room: Room): Promise<RoomBroadcast | null> {
    if (!this.#known.has(room)) await this.#read(room);
    return this.#known.get(room) ?? null;
  }

  /** @returns undefined where its record has not been read, or says that it is none. */
  known(room: Room): RoomBroadcast | undefined {
    return this.#known.get(room);
  }

  /** @throws {FairleadError} `broadcast_not_found`: the room is none; `registry_cold`: its record was lost, and may come back. As `find`. */
  async of(room: Room): Promise<RoomBroadcast> {
    const broadcast = await this.find(room);
    if (broadcast) return broadcast;
    const mayComeBack = isBroadcast(room) && !this.#none.has(room);
    throw new FairleadError(mayComeBack ? "registry_cold" : "broadcast_not_found");
  }

  /** Called about once a second. */
  async tick(): Promise<void> {
    const { rooms, log } = this.#options;
    const isDue = (room: Room) => this.#known.has(room) || (isBroadcast(room) && !this.#none.has(room));
    const ticks = rooms
      .all()
      .filter(isDue)
      .map(async (room) => {
        try {
          await (this.#known.get(room)?.tick() ?? this.#read(room));
        } catch (error) {
          // The registry is away: it is asked again.
          if (!(error instanceof FairleadError))
            log.error("broadcast.tick_failed", { roomId: room.roomId, error });
        }
      });
    await Promise.all(ticks);
  }

  /** One read at a time. */
  #read(room: Room): Promise<void> {
    const reading = this.#reading.get(room) ?? this.#readOnce(room).finally(() => this.#reading.delete(room));
    this.#reading.set(room, reading);
    return reading;
  }

  async #readOnce(room: Room): Promise<void> {
    const { rooms, registry, hooks, packagerReach } = this.#options;
    const found = await registry.describeRoom(room.roomId);
    const record = found?.broadcast;
    if (found && !record && !found.isPartial) this.#none.add(room);
    if (!record || !rooms.isHere(room) || this.#known.has(room)) return;
    const broadcast = new RoomBroadcast({
      room,
      record,
      registry,
      hooks,
      packagerReach,
      onEnded: () => {
        if (rooms.isHere(room)) rooms.close(room, "the broadcast has ended", "broadcast_ended");
      },
    });
    this.#known.set(room, broadcast);
    room.broadcast = broadcast;
    await Promise.all([...room.peers.values()].map((peer) => admitLate({ room, peer }, broadcast)));
  }
}

/** A peer that published before anybody knew that the room is a broadcast's: it is the publisher now, or stops being one. */
async function admitLate({ room, peer }: PeerInRoom, broadcast: RoomBroadcast): Promise<void> {
  if (peer.producers.size === 0) return;
  try {
    await broadcast.admitPublisher(peer);
  } catch (error) {
    const code = error instanceof FairleadError ? error.code : "internal";
    for (const producer of [...peer.producers.values()]) closeProducer({ room, peer }, producer, code);
  }
}

function isBroadcast({ options }: Room): boolean {
  return options.kind === "broadcast";
}
