import type { PlacementPolicy } from "../policy.ts";

/**
 * Nodes that had leases when an index that had just begun heard them for the first time, and that have not named all of them yet. A room that
 * the index does not know may run on one of them.
 */
export class Telling {
  readonly #incarnations = new Set<string>();
  readonly #policy: PlacementPolicy;

  constructor(policy: PlacementPolicy) {
    this.#policy = policy;
  }

  /** @param beat.isToldAll The index and the node mean the same leases. @param ageMs For how long there has been this index. */
  note(incarnation: string, beat: { isFirst: boolean; isToldAll: boolean }, ageMs: number): void {
    if (beat.isToldAll) this.#incarnations.delete(incarnation);
    else if (beat.isFirst && ageMs < this.#policy.toldWithinMs) this.#incarnations.add(incarnation);
  }

  forget(incarnation: string): void {
    this.#incarnations.delete(incarnation);
  }

  isUnderWay(ageMs: number): boolean {
    return this.#incarnations.size > 0 && ageMs < this.#policy.toldWithinMs;
  }
}
