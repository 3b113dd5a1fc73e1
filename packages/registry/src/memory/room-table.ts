import { type Lease, type Mute, type PlacementDecision, RoomOptions } from "@fairlead/protocol";
import { ScoredSet } from "../placement/scored-set.ts";

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
};

export const DEFAULT_ROOM_OPTIONS: Readonly<RoomOptions> = Object.freeze(RoomOptions.parse({}));

export class RoomTable {
  readonly #rooms = new Map<string, Room>();
  readonly #ids = new ScoredSet();
  /** The highest epoch of all dropped records, so that a room that comes back can't be given one it had before. */
  #epochFloor = 0;

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

  /** Forgets a room that nobody serves and nobody has said anything about. */
  dropIfIdle(room: Room): void {
    if (room.lease || room.mutes.length > 0 || room.bans.size > 0 || !isDefault(room.options)) return;
    this.#epochFloor = Math.max(this.#epochFloor, room.lastEpoch);
    this.#rooms.delete(room.roomId);
    this.#ids.delete(room.roomId);
  }

  #create(roomId: string, nowMs: number, options: RoomOptions): Room {
    const room: Room = {
      ...{ roomId, createdAtMs: nowMs, options: copyOptions(options), bans: new Map(), mutes: [] },
      ...{ lease: null, decision: null, lastEpoch: this.#epochFloor, claimedAtMs: nowMs },
      ...{ isConfirmed: false, isLocal: false, peers: 0 },
    };
    this.#rooms.set(roomId, room);
    this.#ids.set(roomId, 0);
    return room;
  }
}

export function copyOptions(options: RoomOptions): RoomOptions {
  return { ...options, labels: [...options.labels] };
}

function isDefault({ labels, ...options }: RoomOptions): boolean {
  return (
    labels.length === 0 &&
    (Object.keys(options) as (keyof typeof options)[]).every(
      (key) => options[key] === DEFAULT_ROOM_OPTIONS[key],
    )
  );
}
