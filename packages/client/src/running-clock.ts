/** How often the clock looks at the time. */
const TICK_MS = 1_000;
/** A longer pause between two looks means that the page did not run: it slept, was frozen, or its timers were throttled. */
const LONGEST_STEP_MS = 3_000;
/** After the page wakes, a patience lasts at least this long, so that several tries fit into it. */
const AFTER_WAKING_MS = 15_000;

type Timer = ReturnType<typeof setTimeout>;

/**
 * Counts the milliseconds in which this page ran. A device that sleeps, or a browser that freezes a page, stops timers but not
 * the time of day: whoever waits by the latter gives up on waking, without having tried.
 */
export class RunningClock {
  readonly #read: () => number;
  readonly #ticks: Timer;
  #readMs: number;
  #ranMs = 0;
  #wokeAtMs = Number.NEGATIVE_INFINITY;
  #isAwake = true;

  /** @param read Milliseconds, e.g. `performance.now`. */
  constructor(read: () => number) {
    this.#read = read;
    this.#readMs = read();
    this.#ticks = setInterval(() => this.now(), TICK_MS);
  }

  readonly now = (): number => {
    const stepMs = this.#read() - this.#readMs;
    this.#readMs += stepMs;
    this.#ranMs += Math.min(Math.max(stepMs, 0), LONGEST_STEP_MS);
    if (stepMs > LONGEST_STEP_MS) this.#handlePause();
    else if (stepMs >= TICK_MS) this.#isAwake = true;
    return this.#ranMs;
  };

  /** @param sinceMs From `now`. @returns Milliseconds that are left of `limitMs`, also after waking; 0: none. */
  leftMs(sinceMs: number, limitMs: number): number {
    const nowMs = this.now();
    const left = sinceMs + limitMs - nowMs;
    const leftAfterWaking = this.#wokeAtMs + Math.min(limitMs, AFTER_WAKING_MS) - nowMs;
    return Math.max(left, leftAfterWaking, 0);
  }

  /** Calls `act` after `limitMs` of running time. @returns A function that cancels it. */
  after(limitMs: number, act: () => void): () => void {
    const sinceMs = this.now();
    let timer: Timer;
    const look = () => {
      const leftMs = this.leftMs(sinceMs, limitMs);
      if (leftMs === 0) act();
      else timer = setTimeout(look, leftMs);
    };
    look();
    return () => clearTimeout(timer);
  }

  close(): void {
    clearInterval(this.#ticks);
  }

  /** Throttled timers pause again and again: only the first of such pauses counts as waking, so that a patience ends. */
  #handlePause(): void {
    if (this.#isAwake) this.#wokeAtMs = this.#ranMs;
    this.#isAwake = false;
  }
}

/**
 * As `setTimeout`, for an answer that may be waiting unread. If the timer fires much too late, the page was paused: it waits
 * once more.
 *
 * @returns A function that cancels it.
 */
export function afterAwake(delayMs: number, act: () => void, now = () => performance.now()): () => void {
  const dueMs = now() + delayMs;
  let timer = setTimeout(() => {
    if (now() - dueMs > LONGEST_STEP_MS) timer = setTimeout(act, delayMs);
    else act();
  }, delayMs);
  return () => clearTimeout(timer);
}
