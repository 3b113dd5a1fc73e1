import type { Budget, BudgetLimit } from "./budget.ts";

/**
 * What ordinary clients stay far below: those that switch devices, subscribe tile by tile, or come back on a bad network. Each
 * unit costs the node about a millisecond or less.
 */
export const DEFAULT_BUDGETS = {
  /** Of an identity into a room, each with two transports and a first subscription. A move of the room gives them back. */
  joins: { burst: 10, perSecond: 1 / 3 },
  producers: { burst: 20, perSecond: 0.5 },
  dataProducers: { burst: 20, perSecond: 0.5 },
  /** Those that the peer asks for, and those that the others get because it has made a producer. */
  consumers: { burst: 500, perSecond: 50 },
  iceRestarts: { burst: 20, perSecond: 1 },
  keyFrames: { burst: 50, perSecond: 5 },
  /** Consumers and producers that it resumes, and layers that it chooses. A pause is free: it needs a resume before the next one. */
  switches: { burst: 1_000, perSecond: 100 },
} as const satisfies Record<string, BudgetLimit>;

export type BudgetName = keyof typeof DEFAULT_BUDGETS;
export type BudgetLimits = Record<BudgetName, BudgetLimit>;
type PeerBudgetName = Exclude<BudgetName, "joins">;

export type Cost = Partial<Record<PeerBudgetName, number>>;

/** In a large room what one peer does costs more, and its client does more. */
const EXTRA_PER_OTHER: Cost = { consumers: 16, switches: 16 };

/** What is counted in the same way, and is no operator's to set. */
export const KEPT_BUDGETS = {
  /** Of refusals: once a minute. */
  logLines: { burst: 1, perSecond: 1 / 60 },
  /** Samples of 2 s with a bitrate that is far too high: the third in a row is one too many. */
  bitrateSamples: { burst: 2, perSecond: 0.1 },
} as const satisfies Record<string, BudgetLimit>;

/** Of an identity in a room. */
export type KeptBudgetName = BudgetName | keyof typeof KEPT_BUDGETS;

/** The budgets of one peer: it shares them with the earlier and later sessions of its identity in the room. */
export class PeerBudgets {
  readonly #budgetOf: (name: KeptBudgetName) => Budget;
  /** How many other peers the room has. */
  readonly #others: () => number;

  constructor(budgetOf: (name: KeptBudgetName) => Budget, others: () => number) {
    this.#budgetOf = budgetOf;
    this.#others = others;
  }

  /** Before anything is made. @throws {FairleadError} `rate_limited`, with nothing spent. */
  charge(cost: Cost): void {
    const costs = Object.entries(cost) as [PeerBudgetName, number][];
    for (const [name, units] of costs) this.#budgetOf(name).assertLeft(units, this.#extra(name));
    for (const [name, units] of costs) this.#budgetOf(name).spend(units);
  }

  left(name: PeerBudgetName): number {
    return this.#budgetOf(name).left(this.#extra(name));
  }

  waitMs(name: PeerBudgetName, units: number): number {
    return this.#budgetOf(name).waitMs(units, this.#extra(name));
  }

  /** Of what was charged and not made. */
  giveBack(name: PeerBudgetName, units: number): void {
    this.#budgetOf(name).giveBack(units);
  }

  /** @returns Whether the log should tell of a refusal: it does so once a minute for each peer. */
  takeLogLine(): boolean {
    const lines = this.#budgetOf("logLines");
    const isDue = lines.left() > 0;
    if (isDue) lines.spend(1);
    return isDue;
  }

  /** The peer has sent far too much for so many samples. @returns Whether it has done so for too long. */
  noteExcess(samples: number): boolean {
    const budget = this.#budgetOf("bitrateSamples");
    const isTooMuch = budget.left() < samples;
    budget.spend(samples);
    return isTooMuch;
  }

  #extra(name: PeerBudgetName): number {
    return (EXTRA_PER_OTHER[name] ?? 0) * this.#others();
  }
}
