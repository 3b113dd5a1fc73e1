import { isDeepStrictEqual } from "node:util";
import { FairleadError, RoomOptions } from "@fairlead/protocol";
import type { KnownOfRoom, Registry, RoomPatch } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import type { Room } from "../room/room.ts";
import { ROOMS_AT_ONCE, Turns } from "./turns.ts";

/** `tried` settles when it is written, or refused, or has to wait for the registry. */
type Unwritten = {
  roomId: string;
  patch: RoomPatch;
  tried: PromiseWithResolvers<void>;
  /** Tries that failed although the registry had just answered a beat. */
  failures: number;
};

/** Limit of moderation acts that wait for the registry. They are in force here; only this node's death would lose them. */
const UNWRITTEN_MAX = 1_000;
/** Half a minute of answered heartbeats shows that the registry is not away. A patch that still can't be written must not hold up the rest. */
const FAILURES_MAX = 60;

/**
 * Reads the records of this node's rooms, and writes moderation acts into them. Each record is read in the background when its room
 * is opened, so that this node knows the bans while the registry is away.
 */
export class RoomRecords {
  readonly #registry: Registry;
  readonly #log: Logger;
  #unread = new Set<Room>();
  /** Rooms whose records the registry has lost. */
  readonly #lost = new Set<Room>();
  #isRestoring = false;
  /** In the order of the acts, which is the order of writing: the last act on a peer counts. */
  readonly #unwritten: Unwritten[] = [];
  #isWriting = false;

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
      if (!room.takesNobody) this.#unread.add(room);
    }
  }

  /**
   * If the registry is away it is written when that comes back, if this node lives until then.
   * @throws {FairleadError} What the registry refuses; `registry_unreachable` when too much waits already.
   */
  write(roomId: string, patch: RoomPatch): Promise<void> {
    if (this.#unwritten.length >= UNWRITTEN_MAX)
      return Promise.reject(new FairleadError("registry_unreachable", { message: "too much waits for it" }));
    this.#forgetReplaced(roomId, patch);
    const tried = Promise.withResolvers<void>();
    this.#unwritten.push({ roomId, patch, tried, failures: 0 });
    void this.#writeAll();
    return tried.promise;
  }

  /** The registry's record has it already. */
  async unban(room: Room, identity: string): Promise<void> {
    room.bans.lift(identity);
    // A ban that still waits here would be written after it.
    const isWaiting = this.#unwritten.some(({ roomId }) => roomId === room.roomId);
    if (isWaiting) await this.write(room.roomId, { unban: { identity } });
    await this.read(room);
  }

  /** The registry has lost the room's record: tells it what this node knows, of one room after the other. */
  restore(room: Room): void {
    this.#lost.add(room);
    void this.#restoreAll();
  }

  /** The registry answers again. */
  async catchUp(): Promise<void> {
    void this.#restoreAll();
    if (this.#isWriting) return;
    await this.#writeAll();
    this.#dropUnwritable();
    const unread = [...this.#unread];
    this.#unread.clear();
    const turns = new Turns(ROOMS_AT_ONCE);
    await Promise.all(unread.map((room) => turns.take(() => this.read(room))));
  }

  async #restoreAll(): Promise<void> {
    if (this.#isRestoring) return;
    this.#isRestoring = true;
    for (const room of this.#lost) {
      if (!(await this.#isRestored(room))) break;
      this.#lost.delete(room);
    }
    this.#isRestoring = false;
  }

  /** @returns false when it has to wait for the registry. */
  async #isRestored(room: Room): Promise<boolean> {
    const { roomId } = room;
    const restore = room.takesNobody ? null : knownOf(room);
    if (!restore) return true;
    try {
      await this.#registry.updateRoom(roomId, { restore });
      this.#log.info("room.record_restored", { roomId });
    } catch (error) {
      if (error instanceof FairleadError && error.code === "registry_unreachable") return false;
      this.#log.error("room.record_lost", { roomId, error });
    }
    return true;
  }

  /** Drops a waiting patch that the new one makes needless. */
  #forgetReplaced(roomId: string, patch: RoomPatch): void {
    const key = keyOf(roomId, patch);
    const isReplaced = (other: Unwritten) => keyOf(other.roomId, other.patch) === key;
    // The first one may be being written.
    const index = this.#unwritten.findIndex((other, at) => (at > 0 || !this.#isWriting) && isReplaced(other));
    if (index >= 0) this.#unwritten.splice(index, 1)[0]?.tried.resolve();
  }

  #dropUnwritable(): void {
    const [first] = this.#unwritten;
    if (!first) return;
    first.failures += 1;
    if (first.failures < FAILURES_MAX) return;
    this.#unwritten.shift();
    this.#log.error("room.record_lost", { roomId: first.roomId, failures: first.failures });
  }

  async #writeAll(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    for (let next = this.#unwritten[0]; next && (await this.#isThrough(next)); next = this.#unwritten[0])
      this.#unwritten.shift();
    this.#isWriting = false;
    for (const { tried } of this.#unwritten) tried.resolve();
  }

  /** @returns false when it has to wait for the registry. */
  async #isThrough({ roomId, patch, tried }: Unwritten): Promise<boolean> {
    try {
      await this.#registry.updateRoom(roomId, patch);
      tried.resolve();
    } catch (error) {
      if (error instanceof FairleadError && error.code === "registry_unreachable") {
        this.#log.warn("room.record_unwritten", { roomId, error });
        return false;
      }
      this.#log.error("room.record_lost", { roomId, error });
      tried.reject(error);
    }
    return true;
  }
}

/** @returns What was said about the room; null for nothing. */
function knownOf({ options, bans, mutes, broadcast }: Room): KnownOfRoom | null {
  const known = {
    bans: bans.all(),
    mutes: mutes.all(),
    ...(broadcast ? { broadcast: broadcast.record } : {}),
  };
  const isUsual = isDeepStrictEqual(options, RoomOptions.parse({}));
  if (isUsual && !broadcast) return known.bans.length + known.mutes.length > 0 ? known : null;
  return { ...known, options };
}

/** @returns The same for two patches of which the later one makes the earlier one needless. */
function keyOf(roomId: string, { ban, unban, mute }: RoomPatch): string {
  return JSON.stringify([roomId, ban, unban, mute && [mute.identity, mute.source]]);
}
