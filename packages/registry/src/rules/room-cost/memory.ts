import type { PlacementPolicy } from "../policy.ts";

/** What rooms of one kind came to: how many, by bound. */
export class CostHistogram {
  readonly #policy: PlacementPolicy;
  #counts: number[];

  constructor(policy: PlacementPolicy) {
    this.#policy = policy;
    this.#counts = policy.costBoundsPpm.map(() => 0);
  }

  observe(costPpm: number): void {
    const index = this.#policy.costBoundsPpm.findIndex((boundPpm) => costPpm <= boundPpm);
    const at = index < 0 ? this.#counts.length - 1 : index;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    if (this.#total() >= this.#policy.forgetCostsAt)
      this.#counts = this.#counts.map((count) => Math.floor(count / 2));
  }

  /** @returns What three of four rooms do not pass; null until enough were seen. */
  p75Ppm(): number | null {
    const total = this.#total();
    if (total < this.#policy.enoughCosts) return null;
    let seen = 0;
    const index = this.#counts.findIndex((count) => {
      seen += count;
      return seen * 4 >= total * 3;
    });
    return this.#policy.costBoundsPpm[index] ?? null;
  }

  #total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }
}

/**
 * What a room is expected to come to: what rooms of its kind do, or what the peers cost that it had where it was before.
 * @param learnedPpm null until enough rooms of the kind were seen.
 */
export function expectedCostPpm(learnedPpm: number | null, peers: number, policy: PlacementPolicy): number {
  const { roomCostPpm, peerCostPpm, minRoomCostPpm, maxRoomCostPpm } = policy;
  const expectedPpm = Math.max(learnedPpm ?? roomCostPpm, peers * peerCostPpm);
  return Math.min(maxRoomCostPpm, Math.max(minRoomCostPpm, expectedPpm));
}
