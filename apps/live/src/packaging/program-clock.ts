const MOST_CORRECTION_MS = 2;
/** Beyond it the stream paused, or the host's clock was set. */
const JUMP_MS = 2_000;

/** The wall clock's time of each frame: it runs as the media does, and follows the host's clock slowly, so that it never runs back. */
export class ProgramClock {
  readonly #now: () => number;
  /** What to add to the media's time. */
  #offsetMs: number | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The next media counts from another beginning. */
  reset(): void {
    this.#offsetMs = null;
  }

  /** @param endS The last frame that came ends then. @returns The time of frames, ms since 1970. */
  note(endS: number): void {
    const seenMs = this.#now() - endS * 1_000;
    const differenceMs = seenMs - (this.#offsetMs ?? seenMs);
    if (this.#offsetMs === null || Math.abs(differenceMs) > JUMP_MS) this.#offsetMs = seenMs;
    else this.#offsetMs += Math.max(-MOST_CORRECTION_MS, Math.min(MOST_CORRECTION_MS, differenceMs));
  }

  /** Milliseconds since 1970. */
  timeOf(startS: number): number {
    return Math.round((this.#offsetMs ?? this.#now()) + startS * 1_000);
  }
}
