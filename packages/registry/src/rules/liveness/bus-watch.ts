import type { PlacementPolicy } from "../policy.ts";

/**
 * Whether anybody has the bus. A node without it is cut off only where others have it, and only after a while in which that was
 * so: a bus that restarts takes nobody's rooms, in whatever order the nodes come back to it.
 */
export class BusWatch {
  readonly #policy: PlacementPolicy;
  /** When a node last said that it has it. */
  #connectedAtMs = Number.NEGATIVE_INFINITY;
  /** Since when somebody has it; null when nobody does. */
  #sinceMs: number | null = null;

  constructor(policy: PlacementPolicy) {
    this.#policy = policy;
  }

  connected(nowMs: number): void {
    if (this.#isForgotten(nowMs)) this.#sinceMs = null;
    this.#sinceMs ??= nowMs;
    this.#connectedAtMs = nowMs;
  }

  disconnected(nowMs: number): void {
    if (this.#isForgotten(nowMs)) this.#sinceMs = null;
  }

  /** @param node.cutSinceMs Since when the node has no bus; null while it has. */
  isCut({ cutSinceMs }: { cutSinceMs: number | null }, nowMs: number): boolean {
    if (cutSinceMs === null || this.#sinceMs === null) return false;
    return nowMs - Math.max(cutSinceMs, this.#sinceMs) > this.#policy.cutAfterMs;
  }

  #isForgotten(nowMs: number): boolean {
    return nowMs - this.#connectedAtMs > this.#policy.nodeTtlMs;
  }
}
