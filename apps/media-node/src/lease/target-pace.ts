/**
 * An answer that takes this much longer than usual waited behind joins. A join takes several turns of the same loop, and some ten
 * milliseconds in all: what waits for less in each turn takes twice as long at most.
 */
const SLOW_TIMES = 1.5;
const SLOW_MS = 4;
/** With each room, what is usual rises by so much, unless it is seen again: a node's way may have become longer. */
const USUAL_RISES = 1.1;
const LOOK_EVERY_MS = 20;
/** One alone may have found a gap between two joins. */
const CALM_ANSWERS = 2;
/** A node that is slow for longer is so for another reason: a dozen rooms must be away within 20 s all the same. */
const LONGEST_MS = 1_000;

export type TargetPaceOptions = {
  /** Resolves once that node has answered; rejects if it does not. */
  ping: (incarnation: string) => Promise<unknown>;
  /** Milliseconds. */
  elapsed: () => number;
};

/** Knows which of the nodes that rooms were handed to are still busy with the joins of those rooms' peers. */
export class TargetPace {
  readonly #options: TargetPaceOptions;
  /** Of each node, the quickest answer so far, ms. */
  readonly #usualMs = new Map<string, number>();
  readonly #busy = new Set<string>();

  constructor(options: TargetPaceOptions) {
    this.#options = options;
  }

  /** None of them is. */
  get isCalm(): boolean {
    return this.#busy.size === 0;
  }

  /**
   * A room has gone there.
   * @param joinsMs So long its peers' joins take at least.
   * @returns Resolves once the node answers as it did before they came. Never rejects.
   */
  async watch(incarnation: string, joinsMs: number): Promise<void> {
    if (this.#busy.has(incarnation)) return;
    this.#busy.add(incarnation);
    const usualMs = this.#usualMs.get(incarnation);
    if (usualMs !== undefined) this.#usualMs.set(incarnation, USUAL_RISES * usualMs);
    await this.#isCalm(incarnation);
    await pause(joinsMs);
    const sinceMs = this.#options.elapsed();
    let calm = 0;
    while (calm < CALM_ANSWERS && this.#options.elapsed() - sinceMs < LONGEST_MS) {
      calm = (await this.#isCalm(incarnation)) ? calm + 1 : 0;
      await pause(LOOK_EVERY_MS);
    }
    this.#busy.delete(incarnation);
  }

  async #isCalm(incarnation: string): Promise<boolean> {
    const { ping, elapsed } = this.#options;
    const sinceMs = elapsed();
    try {
      await ping(incarnation);
    } catch {
      return false;
    }
    const tookMs = elapsed() - sinceMs;
    const usualMs = Math.min(tookMs, this.#usualMs.get(incarnation) ?? tookMs);
    this.#usualMs.set(incarnation, usualMs);
    return tookMs <= SLOW_TIMES * usualMs + SLOW_MS;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
