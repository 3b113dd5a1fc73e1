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
    const at = this.#boundFor(costPpm);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    if (this.#total() >= this.#policy.forgetCostsAt)
      this.#counts = this.#counts.map((count) => Math.floor(count / 2));
  }

  /**
   * @param others Of other kinds, to be counted with these.
   * @returns What three of four rooms do not pass. Until enough were seen, the policy's guess stands for those that are missing.
   */
  p75Ppm(...others: readonly CostHistogram[]): number {
    const { costBoundsPpm, enoughCosts, roomCostPpm } = this.#policy;
    const counts = this.#counts.map((count, at) =>
      others.reduce((sum, other) => sum + (other.#counts[at] ?? 0), count),
    );
    const known = others.reduce((sum, other) => sum + other.#total(), this.#total());
    const missing = Math.max(0, enoughCosts - known);
    const guess = this.#boundFor(roomCostPpm);
    const total = known + missing;
    let seen = 0;
    const index = counts.findIndex((count, at) => {
      seen += at === guess ? count + missing : count;
      return seen * 4 >= total * 3;
    });
    return missing > 0 && index === guess ? roomCostPpm : (costBoundsPpm[index] ?? roomCostPpm);
  }

  #boundFor(costPpm: number): number {
    const { costBoundsPpm } = this.#policy;
    const index = costBoundsPpm.findIndex((boundPpm) => costPpm <= boundPpm);
    return index < 0 ? costBoundsPpm.length - 1 : index;
  }

  #total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }
}

/** What a room is expected to come to: what rooms of its kind do, or what the peers cost that it had where it was before. */
export function expectedCostPpm(learnedPpm: number, peers: number, policy: PlacementPolicy): number {
  const { peerCostPpm, minRoomCostPpm, maxRoomCostPpm } = policy;
  const expectedPpm = Math.max(learnedPpm, peers * peerCostPpm);
  return Math.min(maxRoomCostPpm, Math.max(minRoomCostPpm, expectedPpm));
}

/** Whether a room may come is decided by the peers that come with it: at least one. */
export function neededPpm(peers: number, { peerCostPpm, maxRoomCostPpm }: PlacementPolicy): number {
  return Math.min(maxRoomCostPpm, Math.max(1, peers) * peerCostPpm);
}
