import type { Lease } from "@fairlead/protocol";
import type { PlacementPolicy } from "../placement/placement-policy.ts";
import { ScoredSet } from "../placement/scored-set.ts";
import type { NodeTable } from "./node-table.ts";
import type { Room, RoomTable } from "./room-table.ts";

/** Rooms whose node is dead, or cut off, by when they were last handed to an heir; 0: never. */
export class Orphans {
  readonly #handedAt = new ScoredSet();
  readonly #policy: PlacementPolicy;
  readonly #rooms: RoomTable;
  readonly #nodes: NodeTable;

  constructor(policy: PlacementPolicy, rooms: RoomTable, nodes: NodeTable) {
    this.#policy = policy;
    this.#rooms = rooms;
    this.#nodes = nodes;
  }

  add({ roomId }: Room): void {
    if (this.#handedAt.scoreOf(roomId) === undefined) this.#handedAt.set(roomId, 0);
  }

  remove({ roomId }: Room): void {
    this.#handedAt.delete(roomId);
  }

  /** @returns Leases of dead nodes, each handed out once, and again when its heir has not placed the room in time. */
  handOut(nowMs: number): Lease[] {
    return this.#due(nowMs).flatMap((roomId) => {
      const lease = this.#rooms.get(roomId)?.lease;
      if (!lease || this.#nodes.isAlive(lease.incarnation, nowMs)) {
        this.#handedAt.delete(roomId);
        return [];
      }
      this.#handedAt.set(roomId, nowMs);
      return [{ ...lease }];
    });
  }

  #due(nowMs: number): string[] {
    const { orphansPerBeat, heirPatienceMs } = this.#policy;
    const due: string[] = [];
    for (const { member, score } of this.#handedAt.from()) {
      const isDue = score === 0 || nowMs - score > heirPatienceMs;
      if (!isDue || due.length >= orphansPerBeat) break;
      due.push(member);
    }
    return due;
  }
}
