import { Budget, type BudgetLimit } from "./budget.ts";

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

const LOGGED_EVERY_MS = 60_000;

/** The budgets of one peer. */
export class PeerBudgets {
  readonly #budgets: Record<PeerBudgetName, Budget>;
  /** How many other peers the room has. */
  readonly #others: () => number;
  readonly #now: () => number;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(limits: BudgetLimits, { now, others }: { now: () => number; others: () => number }) {
    const budget = (name: PeerBudgetName) => new Budget(limits[name], now);
    this.#budgets = {
      producers: budget("producers"),
      dataProducers: budget("dataProducers"),
      consumers: budget("consumers"),
      iceRestarts: budget("iceRestarts"),
      keyFrames: budget("keyFrames"),
      switches: budget("switches"),
    };
    this.#others = others;
    this.#now = now;
  }

  /** Before anything is made. @throws {FairleadError} `rate_limited`, with nothing spent. */
  charge(cost: Cost): void {
    const costs = Object.entries(cost) as [PeerBudgetName, number][];
    for (const [name, units] of costs) this.#budgets[name].assertLeft(units, this.#extra(name));
    for (const [name, units] of costs) this.#budgets[name].spend(units);
  }

  left(name: PeerBudgetName): number {
    return this.#budgets[name].left(this.#extra(name));
  }

  waitMs(name: PeerBudgetName, units: number): number {
    return this.#budgets[name].waitMs(units, this.#extra(name));
  }

  /** Of what was charged and not made. */
  giveBack(name: PeerBudgetName, units: number): void {
    this.#budgets[name].giveBack(units);
  }

  /** @returns Whether the log should tell of a refusal: it does so once a minute for each peer. */
  takeLogLine(): boolean {
    const isDue = this.#now() - this.#toldAtMs >= LOGGED_EVERY_MS;
    if (isDue) this.#toldAtMs = this.#now();
    return isDue;
  }

  #extra(name: PeerBudgetName): number {
    return (EXTRA_PER_OTHER[name] ?? 0) * this.#others();
  }
}
