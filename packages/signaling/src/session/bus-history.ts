import type { Bus } from "@fairlead/bus";
import type { Metrics } from "@fairlead/telemetry";

export type BusHistoryOptions = {
  /** How long others may take to be back. */
  settleMs: number;
  now: () => number;
  metrics: Metrics;
};

/**
 * When the bus last came back. After a restart processes reconnect in any order, so for some seconds a node that nobody
 * answers for may be as alive as ever.
 */
export class BusHistory {
  readonly #settleMs: number;
  readonly #now: () => number;
  #resumedAtMs = Number.NEGATIVE_INFINITY;

  constructor(bus: Bus, { settleMs, now, metrics }: BusHistoryOptions) {
    this.#settleMs = settleMs;
    this.#now = now;
    bus.onStatus((status) => {
      if (status === "resumed") this.#resumedAtMs = now();
      else metrics.count("bus.lost");
    });
  }

  /** Whether others may not be back yet. */
  get isSettling(): boolean {
    return this.#now() - this.#resumedAtMs < this.#settleMs;
  }
}
