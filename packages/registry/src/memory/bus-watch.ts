import type { PlacementPolicy } from "../placement/placement-policy.ts";
import { ScoredSet } from "../placement/scored-set.ts";
import type { KnownNode } from "./known-node.ts";

/**
 * Who has the bus. A node without it is cut off only where others have it, and only after a while in which that was so: a bus
 * that restarts takes nobody's rooms, in whatever order the nodes come back to it.
 */
export class BusWatch {
  readonly #policy: PlacementPolicy;
  /** Incarnations by when they last said that they have the bus. */
  readonly #connected = new ScoredSet();
  /** Since when somebody has it; null when nobody does. */
  #sinceMs: number | null = null;

  constructor(policy: PlacementPolicy) {
    this.#policy = policy;
  }

  connected(incarnation: string, nowMs: number): void {
    this.#connected.set(incarnation, nowMs);
    this.#sinceMs ??= nowMs;
  }

  disconnected(incarnation: string, nowMs: number): void {
    this.#connected.delete(incarnation);
    for (let oldest = this.#connected.first(); oldest; oldest = this.#connected.first()) {
      if (nowMs - oldest.score <= this.#policy.nodeTtlMs) return;
      this.#connected.delete(oldest.member);
    }
    this.#sinceMs = null;
  }

  remove(incarnation: string): void {
    this.#connected.delete(incarnation);
  }

  isCut({ cutSinceMs }: KnownNode, nowMs: number): boolean {
    if (cutSinceMs === null || this.#sinceMs === null) return false;
    return nowMs - Math.max(cutSinceMs, this.#sinceMs) > this.#policy.cutAfterMs;
  }
}
