import { FairleadError } from "@fairlead/protocol";
import type { Registry, RoomPatch } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import type { Room } from "../room/room.ts";
import { atOnce, ROOMS_AT_ONCE } from "./at-once.ts";

type Unwritten = { roomId: string; patch: RoomPatch };

/** Moderators' acts while the registry is away. They are in force here; only a node's death could lose them. */
const UNWRITTEN_MAX = 1_000;

/**
 * What this node knows of the records of its rooms, and they of what is done here. Each record is read in the background when
 * its room is opened: while the registry is away, this node alone knows who is banned.
 */
export class RoomRecords {
  readonly #registry: Registry;
  readonly #log: Logger;
  #unread = new Set<Room>();
  #unwritten: Unwritten[] = [];

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

  /** If the registry is away it is written when that comes back, if this node lives until then. */
  async write(roomId: string, patch: RoomPatch): Promise<void> {
    try {
      await this.#registry.updateRoom(roomId, patch);
    } catch (error) {
      const isAway = error instanceof FairleadError && error.code === "registry_unreachable";
      if (!isAway || this.#unwritten.length >= UNWRITTEN_MAX) throw error;
      this.#log.warn("room.record_unwritten", { roomId, error });
      this.#unwritten.push({ roomId, patch });
    }
  }

  /** The registry answers again. */
  catchUp(): void {
    const [unread, unwritten] = [this.#unread, this.#unwritten];
    this.#unread = new Set();
    this.#unwritten = [];
    // One after the other: the last word on a peer counts.
    void atOnce(unwritten, 1, ({ roomId, patch }) => this.#writeAgain(roomId, patch)).then(() =>
      atOnce([...unread], ROOMS_AT_ONCE, (room) => this.read(room)),
    );
  }

  async #writeAgain(roomId: string, patch: RoomPatch): Promise<void> {
    await this.write(roomId, patch).catch((error) => this.#log.error("room.record_lost", { roomId, error }));
  }
}
