/** From so many beats' age on what a node knows of its leases may be wrong: after 2.4 beats of silence they may be given away. */
const STALE_AFTER_BEATS = 2;
/** How long the registry is asked before it counts as away; a call waits so long at most. */
const PATIENCE_MS = 1_000;
/** How long it is asked, as long as it answers and has not told all yet. */
const TELLING_MS = 3_000;
/** For so long the registry is not asked again by calls after it did not answer. */
const EXCUSED_MS = 2_000;
/** Beats that calls ask for, and that fail at once, are repeated after this pause. */
const REPEAT_MS = 100;
/** For so long after a pause in its beats a node may still get calls that were made before: as long as a caller waits. */
const LATE_CALLS_MS = 5_000;
/** An overrun this large means that this process stood still: the answer may be here, unread, so it is no time-out. */
const STANDSTILL_MS = 100;

export type Beat = { sentMs: number; isAnswered: boolean };

export type RevalidationOptions = {
  /** Sends a beat, after the one that is under way. */
  beat: () => unknown;
  /** How often this node beats. */
  intervalMs: () => number;
  now: () => number;
};

type Asking = { done: Promise<void>; release: () => void; repeat: () => void; goOn: () => void };

/**
 * Keeps a node that stood still or was cut off (a stopped process, a suspended host, a partition) from answering for rooms that
 * it has lost meanwhile: before any call is answered, the registry is asked, if the node has not heard from it for a while.
 * Where the registry does not answer the node serves on: only a higher epoch is evidence that a room is not its own any more.
 *
 * That the registry is away takes `PATIENCE_MS` of asking to know, by calls or by the regular beats, because a client that
 * reconnects refuses at once what it might have sent a moment later. While the registry stays away calls do not wait again, as
 * long as the process runs and has the bus: on that it would hear `moved` before any call that was made after it. Two gaps remain:
 * a bus that is split without this node's connection being lost, after which calls may come for up to `EXCUSED_MS` before the
 * registry is reached again; and a standstill shorter than that while the registry is away, after which what was under way may be
 * answered before `moved` is read.
 */
export class Revalidation {
  readonly #options: RevalidationOptions;
  #answeredMs = Number.NEGATIVE_INFINITY;
  #excusedUntilMs = Number.NEGATIVE_INFINITY;
  /** The unbroken row of beats that failed: when the first was sent, and when the last had failed. */
  #failing: { sinceMs: number; lastMs: number } | null = null;
  /** A beat that was sent before this time proves nothing, as the bus was away. */
  #cutOffUntilMs = Number.NEGATIVE_INFINITY;
  /** When the first beat after a pause was sent that the registry answered. */
  #awakeSinceMs = Number.NEGATIVE_INFINITY;
  #asking: Asking | null = null;

  constructor(options: RevalidationOptions) {
    this.#options = options;
  }

  get isDue(): boolean {
    const nowMs = this.#options.now();
    const ageMs = nowMs - this.#answeredMs;
    // A clock that was set back proves nothing either.
    return (ageMs > this.#staleAfterMs || ageMs < 0) && nowMs >= this.#excusedUntilMs;
  }

  get #staleAfterMs(): number {
    return STALE_AFTER_BEATS * this.#options.intervalMs();
  }

  /**
   * Whether a room that was opened then may have been so by a call from before a pause, with a lease that was given away in it:
   * the first beat after the pause could not name it yet.
   */
  isUncertain(openedMs: number): boolean {
    return openedMs >= this.#awakeSinceMs && this.#options.now() - this.#awakeSinceMs < LATE_CALLS_MS;
  }

  /** A beat that was sent since then was answered, and node and registry meant the same leases. */
  isAnsweredSince(ms: number): boolean {
    return this.#answeredMs >= ms;
  }

  /** A beat was answered or has failed. One that was sent before a standstill proves nothing, so its sending time counts. */
  noteBeat({ sentMs, isAnswered }: Beat): void {
    if (isAnswered) this.#noteAnswer(sentMs);
    else this.#noteFailure(sentMs);
    if (!this.isDue) this.#asking?.release();
    else if (!isAnswered) this.#asking?.repeat();
  }

  /** The registry has answered, and has more to tell of this node's leases: it is not away, and is asked at once for the rest. */
  noteProgress(): void {
    this.#failing = null;
    this.#asking?.goOn();
  }

  /** The bus was lost, or is back: this node may have been cut off, and not only the registry away. */
  noteBusChange(): void {
    this.#failing = null;
    this.#excusedUntilMs = Number.NEGATIVE_INFINITY;
    this.#cutOffUntilMs = this.#options.now();
  }

  /** Resolves when calls may be answered. Those that wait are let through in the order in which they came. */
  pass(): Promise<void> {
    if (!this.isDue) return Promise.resolve();
    this.#asking ??= this.#ask();
    return this.#asking.done;
  }

  /**
   * For what was done for a call, before its answer: the process may have stood still meanwhile.
   *
   * @returns Milliseconds since 1970. A room that is still this node's own when this resolves was so at that time, as far as `pass`
   * knows, even if the process stands still before its next line.
   */
  async confirm(): Promise<number> {
    const atMs = this.#options.now();
    await this.pass();
    return atMs;
  }

  #noteAnswer(sentMs: number): void {
    this.#failing = null;
    // Before its first beat a node has no lease to lose.
    const isPause = Number.isFinite(this.#answeredMs) && sentMs - this.#answeredMs > this.#staleAfterMs;
    if (isPause) this.#awakeSinceMs = sentMs;
    this.#answeredMs = sentMs;
  }

  #noteFailure(sentMs: number): void {
    const nowMs = this.#options.now();
    const isSlow = nowMs - sentMs > PATIENCE_MS + STANDSTILL_MS;
    if (isSlow || sentMs < this.#cutOffUntilMs) {
      this.#failing = null;
      return;
    }
    const isUnbroken = this.#failing !== null && sentMs - this.#failing.lastMs <= this.#staleAfterMs;
    const sinceMs = isUnbroken && this.#failing ? this.#failing.sinceMs : sentMs;
    this.#failing = { sinceMs, lastMs: nowMs };
    if (nowMs - sinceMs >= PATIENCE_MS) this.#excusedUntilMs = nowMs + EXCUSED_MS;
  }

  #ask(): Asking {
    const { beat, now } = this.#options;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const beganMs = now();
    let [patience, repetition]: (NodeJS.Timeout | undefined)[] = [];
    const tryOnce = () => {
      const sinceMs = now();
      clearTimeout(patience);
      patience = setTimeout(() => {
        this.#excuse(sinceMs);
        if (this.isDue) tryOnce();
        else release();
      }, PATIENCE_MS);
      beat();
    };
    const goOn = () => {
      if (now() - beganMs < TELLING_MS) tryOnce();
    };
    const repeat = () => {
      clearTimeout(repetition);
      repetition = setTimeout(beat, REPEAT_MS);
    };
    const release = () => {
      clearTimeout(patience);
      clearTimeout(repetition);
      this.#asking = null;
      resolve();
    };
    tryOnce();
    return { done, release, repeat, goOn };
  }

  /** The registry was asked and did not answer in time. */
  #excuse(askedMs: number): void {
    const nowMs = this.#options.now();
    const wasCutOff = askedMs < this.#cutOffUntilMs;
    if (!wasCutOff && nowMs - askedMs <= PATIENCE_MS + STANDSTILL_MS)
      this.#excusedUntilMs = nowMs + EXCUSED_MS;
  }
}
