import { costOf, type Rate, type RateStanding, rateRefusal, standingOf } from "./rate.ts";

/** What subjects have had so far. One that owes nothing is as good as unknown, and is forgotten in passing. */
export class RateTable {
  /** When all is paid for, in µs; the last changed at the end. */
  readonly #paidAtUs = new Map<string, number>();

  /** How many subjects are remembered. */
  get size(): number {
    return this.#paidAtUs.size;
  }

  /**
   * Counts one request for each of them, or for none if one refuses it.
   * @throws {FairleadError} `rate_limited`, of the first that refuses.
   */
  count(rates: readonly Rate[], nowMs: number): RateStanding[] {
    const nowUs = nowMs * 1_000;
    const owed = rates.map((rate) => {
      const { intervalUs, burstUs } = costOf(rate);
      const debtUs = Math.max((this.#paidAtUs.get(keyOf(rate)) ?? 0) - nowUs, 0);
      const owedUs = Math.min(debtUs, burstUs) + intervalUs;
      if (owedUs > burstUs) throw rateRefusal(rate, owedUs - burstUs);
      return { rate, owedUs };
    });
    this.#forget(nowUs, rates.length);
    return owed.map(({ rate, owedUs }) => {
      this.#paidAtUs.delete(keyOf(rate));
      this.#paidAtUs.set(keyOf(rate), nowUs + owedUs);
      return standingOf(rate, owedUs);
    });
  }

  /** Twice as many are looked at as may come, so that the table shrinks again after a burst. */
  #forget(nowUs: number, coming: number): void {
    let left = 2 * coming;
    for (const [key, paidAtUs] of this.#paidAtUs) {
      if (left === 0) break;
      left -= 1;
      this.#paidAtUs.delete(key);
      // Looked at again when all others have been.
      if (paidAtUs > nowUs) this.#paidAtUs.set(key, paidAtUs);
    }
  }
}

function keyOf({ name, subject }: Rate): string {
  return `${name}:${subject}`;
}
