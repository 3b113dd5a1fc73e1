import { FairleadError } from "@fairlead/protocol";

/** `burst` units at once, `perSecond` in the long run. */
export type BudgetLimit = { burst: number; perSecond: number };

/** What one peer, or one identity in one room, may have made: it is refused before anything is made. */
export class Budget {
  readonly #limit: BudgetLimit;
  readonly #now: () => number;
  #spent = 0;
  #countedAtMs: number;

  /** @param now Milliseconds. */
  constructor(limit: BudgetLimit, now: () => number) {
    this.#limit = limit;
    this.#now = now;
    this.#countedAtMs = now();
  }

  /** Nothing of it is in use. */
  get isWhole(): boolean {
    return this.#count() === 0;
  }

  /** @param extra Units that may be made at once besides, e.g. in a large room. */
  left(extra = 0): number {
    return Math.max(0, Math.floor(this.#limit.burst + extra - this.#count(extra)));
  }

  /** @returns Until so many units are left, ms; what the budget never has counts as all of it. */
  waitMs(units: number, extra = 0): number {
    const { burst, perSecond } = this.#limit;
    const missing = this.#count(extra) + Math.min(units, burst + extra) - (burst + extra);
    return Math.ceil((Math.max(0, missing) / perSecond) * 1_000);
  }

  /** @throws {FairleadError} `rate_limited`, with nothing spent. */
  assertLeft(units: number, extra = 0): void {
    const retryAfterMs = this.waitMs(units, extra);
    if (retryAfterMs > 0) throw new FairleadError("rate_limited", { retryAfterMs });
  }

  /**
   * Spends them.
   * @throws {FairleadError} `rate_limited`, with nothing spent.
   */
  take(units: number): void {
    this.assertLeft(units);
    this.spend(units);
  }

  spend(units: number): void {
    this.#spent = this.#count() + units;
  }

  giveBack(units: number): void {
    this.#spent = Math.max(0, this.#count() - units);
  }

  /** A clock that steps back gives nothing. In a room that has shrunk no more counts as spent than is allowed now. */
  #count(extra = Number.POSITIVE_INFINITY): number {
    const nowMs = this.#now();
    const elapsedMs = Math.max(0, nowMs - this.#countedAtMs);
    this.#countedAtMs = nowMs;
    const spent = Math.max(0, this.#spent - (elapsedMs * this.#limit.perSecond) / 1_000);
    this.#spent = Math.min(spent, this.#limit.burst + extra);
    return this.#spent;
  }
}
