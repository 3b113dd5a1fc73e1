import type { Registry } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import type { Room } from "../room/room.ts";
import { atOnce, ROOMS_AT_ONCE } from "./at-once.ts";

/**
 * Reads the record of each room that is opened, in the background: while the registry is away, this node alone knows who is
 * banned.
 */
export class RoomRecords {
  readonly #registry: Registry;
  readonly #log: Logger;
  /** Rooms whose record has not been read, because the registry was away. */
  #unread = new Set<Room>();

  constructor(registry: Registry, log: Logger) {
    this.#registry = registry;
    this.#log = log;
  }

  /** Never rejects. */
  async read(room: Room): Promise<void> {
    this.#unread.delete(room);
    try {
      const record = await this.#registry.describeRoom(room.roomId);
      if (record) room.noteRecord(record);
    } catch (error) {
      this.#log.debug("room.record_unread", { roomId: room.roomId, error });
      if (!room.router.closed) this.#unread.add(room);
    }
  }

  /** The registry answers again. */
  readAgain(): void {
    const rooms = [...this.#unread].filter((room) => !room.router.closed);
    this.#unread = new Set();
    void atOnce(rooms, ROOMS_AT_ONCE, (room) => this.read(room));
  }
}
