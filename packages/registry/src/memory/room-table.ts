import { type Lease, type Mute, type PlacementDecision, RoomOptions } from "@fairlead/protocol";

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
  /** When the lease was claimed, or last named by its node. */
  confirmedAtMs: number;
  /** Whom the room was handed to after its node's death. */
  heir: { incarnation: string; atMs: number } | null;
};

export const DEFAULT_ROOM_OPTIONS: Readonly<RoomOptions> = Object.freeze(RoomOptions.parse({}));

export class RoomTable {
  readonly #rooms = new Map<string, Room>();
  readonly #byHolder = new Map<string, Set<Room>>();
  /** The highest epoch of all dropped records, so that a room that comes back can't be given one it had before. */
  #droppedEpoch = 0;

  get(roomId: string): Room | undefined {
    return this.#rooms.get(roomId);
  }

  obtain(roomId: string, nowMs: number, options: RoomOptions = DEFAULT_ROOM_OPTIONS): Room {
    return this.#rooms.get(roomId) ?? this.#create(roomId, nowMs, options);
  }

  /** @param limit How many at most. @returns In order of room id, those after `cursor`. */
  page(limit: number, cursor = ""): Room[] {
    const ids = [...this.#rooms.keys()].filter((roomId) => roomId > cursor).sort();
    return ids.slice(0, limit).flatMap((roomId) => this.#rooms.get(roomId) ?? []);
  }

  /** @returns A new array: rooms may change hands while it is walked. */
  heldBy(incarnation: string): Room[] {
    return [...(this.#byHolder.get(incarnation) ?? [])];
  }

  /** @returns Incarnations that hold a lease, dead ones too. */
  holders(): string[] {
    return [...this.#byHolder.keys()];
  }

  setLease(room: Room, lease: Lease | null, nowMs: number): void {
    this.#unindex(room);
    room.lease = lease;
    room.heir = null;
    room.confirmedAtMs = nowMs;
    if (!lease) return;
    room.lastEpoch = Math.max(room.lastEpoch, lease.epoch);
    const held = this.#byHolder.get(lease.incarnation) ?? new Set();
    this.#byHolder.set(lease.incarnation, held.add(room));
  }

  /** Forgets a room that nobody serves and nobody has said anything about. */
  dropIfIdle(room: Room): void {
    if (room.lease || room.mutes.length > 0 || room.bans.size > 0 || !hasDefaultOptions(room)) return;
    this.#droppedEpoch = Math.max(this.#droppedEpoch, room.lastEpoch);
    this.#rooms.delete(room.roomId);
  }

  #create(roomId: string, nowMs: number, options: RoomOptions): Room {
    const room: Room = {
      roomId,
      createdAtMs: nowMs,
      options: { ...options },
      bans: new Map(),
      mutes: [],
      lease: null,
      decision: null,
      lastEpoch: this.#droppedEpoch,
      confirmedAtMs: nowMs,
      heir: null,
    };
    this.#rooms.set(roomId, room);
    return room;
  }

  #unindex(room: Room): void {
    if (!room.lease) return;
    const held = this.#byHolder.get(room.lease.incarnation);
    held?.delete(room);
    if (held?.size === 0) this.#byHolder.delete(room.lease.incarnation);
  }
}

function hasDefaultOptions({ options }: Room): boolean {
  return Object.entries(DEFAULT_ROOM_OPTIONS).every(
    ([key, value]) => options[key as keyof RoomOptions] === value,
  );
}
