/** How often the loop is looked at: a fraction of what else is done regularly, so that an idle process wakes up seldom. */
export const LOOP_TICK_MS = 250;
/** Over which its delay is judged. */
const WINDOW_MS = 2_000;
/** A turn that takes so much longer than it should makes whatever peers ask wait noticeably, and a worker's answers too. */
const LATE_MS = 200;
/** Of the window, in such turns, of which one alone, e.g. of a process that was stopped, is no delay that lasts. */
const LATE_SHARE = 0.75;

/**
 * How late this process's event loop is. All cores and rooms share it, so its delay must not be taken for theirs: a worker whose
 * answer lies here unread does not hang.
 */
export class EventLoop {
  readonly #now: () => number;
  #tickedMs: number | null = null;
  #awakeMs = 0;
  /** When late turns ended, and how long they took. */
  #lateTurns: { atMs: number; ms: number }[] = [];

  /** @param now Milliseconds, of any origin, which no clock setting changes. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Called every `LOOP_TICK_MS`, as far as the loop is on time. */
  tick(): void {
    const nowMs = this.#now();
    // A node's start is no delay.
    const sinceMs = nowMs - (this.#tickedMs ?? nowMs);
    this.#tickedMs = nowMs;
    this.#awakeMs += Math.min(sinceMs, LOOP_TICK_MS);
    this.#lateTurns = this.#lateTurns.filter(({ atMs }) => nowMs - atMs < WINDOW_MS);
    if (sinceMs > LOOP_TICK_MS + LATE_MS) this.#lateTurns.push({ atMs: nowMs, ms: sinceMs });
  }

  /** A clock that goes only while the loop turns, in milliseconds: it stands while the process does, and is slow while the loop is. */
  get awakeMs(): number {
    return this.#awakeMs;
  }

  /** Most of the last two seconds it was more than 200 ms late. */
  get isLate(): boolean {
    const windowFromMs = (this.#tickedMs ?? 0) - WINDOW_MS;
    const lateMs = this.#lateTurns.reduce(
      (sum, { atMs, ms }) => sum + atMs - Math.max(atMs - ms, windowFromMs),
      0,
    );
    return this.#lateTurns.length > 1 && lateMs >= LATE_SHARE * WINDOW_MS;
  }
}
