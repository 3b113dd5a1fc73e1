import type { HeartbeatDeps } from "@fairlead/media-node/heartbeat";
import type { Lease } from "@fairlead/protocol";

type Rooms = HeartbeatDeps["rooms"];
type Room = ReturnType<Rooms["all"]>[number];

const PEERS = 2;

/** The part of a node's `Rooms` that heartbeats use: rooms without media, so that one process holds thousands of them. */
export class BenchRooms {
  readonly #rooms = new Map<string, BenchRoom>();

  /** As a node's own parts know it. */
  get asRooms(): Rooms {
    return this as unknown as Rooms;
  }

  /** Nobody here is told when rooms come and go. */
  watch(): void {}

  all(): Room[] {
    return [...this.#rooms.values()].map((room) => room.asRoom);
  }

  roomIfHere(roomId: string): Room | undefined {
    return this.#rooms.get(roomId)?.asRoom;
  }

  async open({ lease }: { lease: Lease }): Promise<Room> {
    const room = new BenchRoom(lease);
    this.#rooms.set(lease.roomId, room);
    return room.asRoom;
  }

  yieldTo({ roomId }: { roomId: string }): void {
    this.#rooms.delete(roomId);
  }
}

class BenchRoom {
  lease: Lease;
  isLocal = false;

  constructor(lease: Lease) {
    this.lease = lease;
  }

  get roomId(): string {
    return this.lease.roomId;
  }

  get asRoom(): Room {
    return this as unknown as Room;
  }

  counts(): { peers: number; consumers: number } {
    return { peers: PEERS, consumers: PEERS };
  }

  renew(lease: Lease): void {
    this.lease = lease;
  }
}
