/** From this age on what a node knows of its leases may be wrong: after 1.2 s of silence they may be given away. */
const STALE_AFTER_MS = 1_000;
/** How long a call waits at most for the registry to be asked. */
const PATIENCE_MS = 1_000;
/** For so long the registry is not asked again by calls after it did not answer. */
const EXCUSED_MS = 2_000;
/** For so long after a pause in its beats a node may still get calls that were made before: as long as a caller waits. */
const LATE_CALLS_MS = 5_000;
/** What took this much longer than it may was not in vain: this process stood still, and the answer may lie here unread. */
const STANDSTILL_MS = 100;

export type Beat = { sentMs: number; isAnswered: boolean };

export type RevalidationOptions = {
  /** Sends a beat, after the one that is under way. */
  beat: () => unknown;
  now: () => number;
};

/**
 * Keeps a node that stood still (a stopped process, a suspended host) from answering for rooms that it has lost meanwhile: before
 * any call is answered, the registry is asked, if the node has not heard from it for a while. Where the registry does not
 * answer the node serves on: only a higher epoch is evidence that a room is not its own any more.
 */
export class Revalidation {
  readonly #options: RevalidationOptions;
  #answeredMs = Number.NEGATIVE_INFINITY;
  #excusedUntilMs = Number.NEGATIVE_INFINITY;
  /** When the first beat after a pause was sent that the registry answered. */
  #awakeSinceMs = Number.NEGATIVE_INFINITY;
  #asking: { done: Promise<void>; release: () => void } | null = null;

  constructor(options: RevalidationOptions) {
    this.#options = options;
  }

  get isDue(): boolean {
    const nowMs = this.#options.now();
    const ageMs = nowMs - this.#answeredMs;
    // A clock that was set back proves nothing either.
    return (ageMs > STALE_AFTER_MS || ageMs < 0) && nowMs >= this.#excusedUntilMs;
  }

  /**
   * Whether a room that was opened then may have been so by a call from before a pause, with a lease that was given away in it:
   * the first beat after the pause could not name it yet.
   */
  isUncertain(openedMs: number): boolean {
    return openedMs >= this.#awakeSinceMs && this.#options.now() - this.#awakeSinceMs < LATE_CALLS_MS;
  }

  /** What has come of a beat. One that was sent before the process stood still proves nothing, so its sending time counts. */
  noteBeat({ sentMs, isAnswered }: Beat): void {
    if (isAnswered) this.#noteAnswer(sentMs);
    else this.#excuse(sentMs);
    if (!this.isDue) this.#asking?.release();
  }

  /** Resolves when calls may be answered. Those that wait are let through in the order in which they came. */
  pass(): Promise<void> {
    if (!this.isDue) return Promise.resolve();
    this.#asking ??= this.#ask();
    return this.#asking.done;
  }

  #noteAnswer(sentMs: number): void {
    // Before its first beat a node has no lease to lose.
    const isPause = Number.isFinite(this.#answeredMs) && sentMs - this.#answeredMs > STALE_AFTER_MS;
    if (isPause) this.#awakeSinceMs = sentMs;
    this.#answeredMs = sentMs;
  }

  #ask(): { done: Promise<void>; release: () => void } {
    const { promise: done, resolve } = Promise.withResolvers<void>();
    let timer: NodeJS.Timeout;
    const tryOnce = () => {
      const sinceMs = this.#options.now();
      timer = setTimeout(() => {
        this.#excuse(sinceMs);
        if (this.isDue) tryOnce();
        else release();
      }, PATIENCE_MS);
      this.#options.beat();
    };
    const release = () => {
      clearTimeout(timer);
      this.#asking = null;
      resolve();
    };
    tryOnce();
    return { done, release };
  }

  /** The registry was asked and did not answer in time. */
  #excuse(askedMs: number): void {
    const nowMs = this.#options.now();
    if (nowMs - askedMs <= PATIENCE_MS + STANDSTILL_MS) this.#excusedUntilMs = nowMs + EXCUSED_MS;
  }
}
