/** Upper bounds of what rooms cost, each half as much again as the one before: finer would be learning noise. */
export const COST_BOUNDS_PPM: readonly number[] = [
  2_000, 3_000, 4_500, 6_750, 10_000, 15_000, 22_500, 34_000, 50_000, 75_000, 112_500, 170_000, 250_000,
];

/** Fewer rooms than these say nothing about the next one. */
const ENOUGH = 20;
/** Then all counts are halved, so that what rooms cost lately counts most. */
const FORGET_AT = 1_024;

/** What rooms of one kind came to: how many, by bound. */
export class CostHistogram {
  #counts = COST_BOUNDS_PPM.map(() => 0);

  observe(costPpm: number): void {
    const index = COST_BOUNDS_PPM.findIndex((boundPpm) => costPpm <= boundPpm);
    const at = index < 0 ? this.#counts.length - 1 : index;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    if (this.#total() >= FORGET_AT) this.#counts = this.#counts.map((count) => Math.floor(count / 2));
  }

  /** @returns What three of four rooms do not pass; null until enough were seen. */
  p75Ppm(): number | null {
    const total = this.#total();
    if (total < ENOUGH) return null;
    let seen = 0;
    const index = this.#counts.findIndex((count) => {
      seen += count;
      return seen * 4 >= total * 3;
    });
    return COST_BOUNDS_PPM[index] ?? null;
  }

  #total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }
}
