import type {
  BroadcastRecord,
  BroadcastState,
  Lease,
  Mute,
  PlacementDecision,
  RoomOptions,
} from "@fairlead/protocol";
import { ScoredSet } from "../../memory/scored-set.ts";
import { copyOptions, DEFAULT_ROOM_OPTIONS, isDefault } from "../../room-options.ts";
import { BroadcastTable, neededUntilMs } from "../broadcasts/memory.ts";
import type { PlacementPolicy } from "../policy.ts";

/** A room's record and its claim. */
export type Room = {
  readonly roomId: string;
  readonly createdAtMs: number;
  options: RoomOptions;
  /** Identity → ids of the tickets that were banned with it. */
  bans: Map<string, Set<string>>;
  mutes: Mute[];
  /** The last claim, whether its node lives or not. */
  lease: Lease | null;
  decision: PlacementDecision | null;
  lastEpoch: number;
  claimedAtMs: number;
  /** Its node has named it since. */
  isConfirmed: boolean;
  /** Claimed by its node while the registry was away. */
  isLocal: boolean;
  /** As its node last said. */
  peers: number;
  /** The record may have been lost and made anew: what was lifted and set since. Else null. */
  said: Set<string> | null;
  broadcast: BroadcastRecord | null;
  /** When a broadcast's last lease ended. */
  leftAtMs: number | null;
};

export class RoomTable {
  readonly #rooms = new Map<string, Room>();
  readonly #ids = new ScoredSet();
  /** Rooms without a lease, by when something was last said about them or they lost it. */
  readonly #keptAt = new ScoredSet();
  readonly #broadcasts = new BroadcastTable();
  readonly #policy: PlacementPolicy;
  /** The highest epoch of all dropped records, so that a room that comes back can't be given one it had before. */
  #epochFloor = 0;

  constructor(policy: PlacementPolicy) {
    this.#policy = policy;
  }

  get(roomId: string): Room | undefined {
    return this.#rooms.get(roomId);
  }

  obtain(roomId: string, nowMs: number, options: RoomOptions = DEFAULT_ROOM_OPTIONS): Room {
    return this.#rooms.get(roomId) ?? this.#create(roomId, nowMs, options);
  }

  /** @param limit How many at most. @returns In order of room id, those after `cursor`. */
  page(limit: number, cursor = ""): Room[] {
    const rooms: Room[] = [];
    for (const { member } of this.#ids.from(0, cursor)) {
      const room = this.#rooms.get(member);
      if (room && member !== cursor) rooms.push(room);
      if (rooms.length >= limit) break;
    }
    return rooms;
  }

  /** @param limit How many at most. @returns Broadcasts in order of room id, those after `cursor`. */
  broadcastPage(limit: number, { cursor = "", state }: { cursor?: string; state?: BroadcastState }): Room[] {
    const rooms: Room[] = [];
    for (const roomId of this.#broadcasts.idsAfter(cursor, state)) {
      const room = this.#rooms.get(roomId);
      if (room) rooms.push(room);
      if (rooms.length >= limit) break;
    }
    return rooms;
  }

  /** The room's record has changed. */
  update(room: Room, nowMs: number): void {
    const wasBroadcast = this.#broadcasts.note(room);
    if (room.lease) return;
    if (wasBroadcast && !room.broadcast) this.keepOrDrop(room, nowMs);
    else this.keep(room, nowMs);
  }

  /** Nobody serves the room any more: it is forgotten unless something was said about it. */
  keepOrDrop(room: Room, nowMs: number): void {
    if (room.broadcast) room.leftAtMs = nowMs;
    const isSaid = room.mutes.length > 0 || room.bans.size > 0 || !isDefault(room.options);
    if (isSaid || room.broadcast) this.keep(room, nowMs);
    else this.#drop(room);
  }

  /** Keeps a room without a lease, and drops a few of those that were kept long enough. */
  keep({ roomId, broadcast }: Room, nowMs: number): void {
    this.#keptAt.set(roomId, Math.max(nowMs, broadcast ? neededUntilMs(broadcast) : 0));
    for (let dropped = 0; dropped < this.#policy.droppedAtOnce; dropped += 1) {
      const [longest] = this.#keptAt.from();
      const room = longest && this.#rooms.get(longest.member);
      if (!room || nowMs - longest.score <= this.#policy.roomRetentionMs) return;
      this.#drop(room);
    }
  }

  /** It has a lease again. */
  unkeep({ roomId }: Room): void {
    this.#keptAt.delete(roomId);
  }

  #drop(room: Room): void {
    this.#epochFloor = Math.max(this.#epochFloor, room.lastEpoch);
    this.#rooms.delete(room.roomId);
    this.#broadcasts.forget(room.roomId);
    this.#ids.delete(room.roomId);
    this.#keptAt.delete(room.roomId);
  }

  #create(roomId: string, nowMs: number, options: RoomOptions): Room {
    const room: Room = {
      roomId,
      createdAtMs: nowMs,
      options: copyOptions(options),
      bans: new Map(),
      mutes: [],
      lease: null,
      decision: null,
      lastEpoch: this.#epochFloor,
      claimedAtMs: nowMs,
      isConfirmed: false,
      isLocal: false,
      peers: 0,
      said: new Set(),
      broadcast: null,
      leftAtMs: null,
    };
    this.#rooms.set(roomId, room);
    this.#ids.set(roomId, 0);
    return room;
  }
}
