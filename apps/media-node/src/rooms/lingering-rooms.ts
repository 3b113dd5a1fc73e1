import type { RoomControl, RoomRecord } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import { linger, removeLingering, silenceLingering } from "../room/linger.ts";
import { LINGER_MS } from "../room/reseat.ts";
import type { Room } from "../room/room.ts";

export type LingeringRoomsOptions = {
  registry: Pick<Registry, "describeRoom">;
  log: Logger;
  now: () => number;
};

/** A registry that has lost all hears of the room from its present place within two seconds. */
const MISSING_READS = 3;

type Moderated = Extract<RoomControl, { type: "moderated" }>;

/**
 * Former places of rooms that have moved: media only, without sessions, commands or a lease. Each ends when all who were there have closed
 * what they had, or after `LINGER_MS`. A room may have several here, each of another epoch.
 */
export class LingeringRooms {
  readonly #options: LingeringRoomsOptions;
  readonly #ends = new Map<Room, () => void>();
  /** How many reads in a row have found no record. */
  readonly #missing = new WeakMap<Room, number>();

  constructor(options: LingeringRoomsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#ends.size;
  }

  all(): Room[] {
    return [...this.#ends.keys()];
  }

  of(roomId: string): Room[] {
    return this.all().filter((room) => room.roomId === roomId);
  }

  /** Its sessions are over from now on, and nobody comes in. */
  add(room: Room): void {
    const { log, now } = this.#options;
    const sinceMs = now();
    const end = () => {
      if (!this.#ends.delete(room)) return;
      clearTimeout(timer);
      room.abandon();
      log.info("room.abandoned", {
        roomId: room.roomId,
        epoch: room.lease.epoch,
        lingeredMs: now() - sinceMs,
      });
    };
    const timer = setTimeout(end, LINGER_MS);
    this.#ends.set(room, end);
    linger(room, end);
  }

  /** What was said of an identity at the room's present place holds here too. */
  moderate({ roomId, epoch, identity, source }: Moderated): void {
    for (const room of this.of(roomId)) {
      if (room.lease.epoch >= epoch) continue;
      if (source) void silenceLingering(room, { identity, source });
      else removeLingering(room, (one) => one.identity === identity);
    }
  }

  /**
   * Called each second: the message that told of a mute or a ban may be lost, or its sender be of an older build; and nobody tells of
   * the room's end here. Never rejects.
   */
  async readRecords(): Promise<void> {
    await Promise.all(this.all().map((room) => this.#readRecord(room)));
  }

  /** Idempotent. */
  close(): void {
    for (const end of [...this.#ends.values()]) end();
  }

  async #readRecord(room: Room): Promise<void> {
    try {
      const record = await this.#options.registry.describeRoom(room.roomId);
      const missing = record ? 0 : (this.#missing.get(room) ?? 0) + 1;
      this.#missing.set(room, missing);
      if (missing === MISSING_READS || record?.broadcast?.state === "ended") this.#ends.get(room)?.();
      else if (record) applyRecord(room, record);
    } catch (error) {
      this.#options.log.debug("room.record_unread", { roomId: room.roomId, error });
    }
  }
}

function applyRecord(room: Room, record: RoomRecord): void {
  room.bans.noteRecord(record);
  removeLingering(room, ({ identity, ticketId }) =>
    ticketId === null ? room.bans.hasIdentity(identity) : room.bans.has({ identity, ticketId }),
  );
  for (const mute of record.mutes) void silenceLingering(room, mute);
}
