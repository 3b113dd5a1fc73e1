import type { CoreAddress } from "@fairlead/protocol";
import type { PlacementPolicy } from "../placement/placement-policy.ts";
import { growthPpm } from "../placement/room-cost.ts";

type YoungRoom = { incarnation: string; core: number; placedAtMs: number; peers: number };

/** Rooms placed lately: each reserves what it is expected to grow by. */
export class YoungRooms {
  readonly #policy: PlacementPolicy;
  /** In order of age. */
  readonly #rooms = new Map<string, YoungRoom>();

  constructor(policy: PlacementPolicy) {
    this.#policy = policy;
  }

  start(roomId: string, { incarnation, core }: CoreAddress, nowMs: number): void {
    this.#rooms.delete(roomId);
    this.#rooms.set(roomId, { incarnation, core, placedAtMs: nowMs, peers: 0 });
  }

  /** What the peer costs is debited by itself, so the room's expected growth shrinks by it. */
  addPeer(roomId: string): void {
    const room = this.#rooms.get(roomId);
    if (room) room.peers += 1;
  }

  drop(roomId: string): void {
    this.#rooms.delete(roomId);
  }

  dropGrown(nowMs: number): void {
    for (const [roomId, room] of this.#rooms) {
      if (nowMs - room.placedAtMs < this.#policy.reservationMs) return;
      this.#rooms.delete(roomId);
    }
  }

  /** @returns Expected growth by incarnation, then core. */
  growthPpm(nowMs: number): Map<string, Map<number, number>> {
    const growth = new Map<string, Map<number, number>>();
    for (const { incarnation, core, placedAtMs, peers } of this.#rooms.values()) {
      const cores = growth.get(incarnation) ?? new Map<number, number>();
      growth.set(incarnation, cores);
      cores.set(core, (cores.get(core) ?? 0) + growthPpm(nowMs - placedAtMs, peers, this.#policy));
    }
    return growth;
  }
}
