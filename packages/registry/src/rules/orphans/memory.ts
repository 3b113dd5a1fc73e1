import { ScoredSet } from "../../memory/scored-set.ts";
import type { PlacementPolicy } from "../policy.ts";
import type { Room } from "../rooms/memory.ts";

/** Rooms whose node is dead, or cut off, by when they were last handed to an heir; 0: never. */
export class Orphans {
  readonly #handedAt = new ScoredSet();
  readonly #policy: PlacementPolicy;

  constructor(policy: PlacementPolicy) {
    this.#policy = policy;
  }

  add({ roomId }: Pick<Room, "roomId">): void {
    if (this.#handedAt.scoreOf(roomId) === undefined) this.#handedAt.set(roomId, 0);
  }

  remove({ roomId }: Pick<Room, "roomId">): void {
    this.#handedAt.delete(roomId);
  }

  handed({ roomId }: Room, nowMs: number): void {
    this.#handedAt.set(roomId, nowMs);
  }

  /** @returns Ids of rooms without an heir, or whose heir has not placed them in time; as many as go with one heartbeat. */
  due(nowMs: number): string[] {
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
