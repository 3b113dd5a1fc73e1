import type { Bus } from "@fairlead/bus";

/**
 * When the bus last came back. After a restart processes reconnect in any order, so for some seconds a node that nobody
 * answers for may be as alive as ever.
 */
export class BusHistory {
  readonly #settleMs: number;
  readonly #now: () => number;
  #resumedAtMs = Number.NEGATIVE_INFINITY;

  /** @param settleMs How long others may take to be back. */
  constructor(bus: Bus, settleMs: number, now: () => number) {
    this.#settleMs = settleMs;
    this.#now = now;
    bus.onStatus((status) => {
      if (status === "resumed") this.#resumedAtMs = now();
    });
  }

  /** Whether others may not be back yet. */
  get isSettling(): boolean {
    return this.#now() - this.#resumedAtMs < this.#settleMs;
  }
}
