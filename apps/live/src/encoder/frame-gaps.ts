/** Of frames at a steady rate: the time from one to the next is rounded to milliseconds. */
const GAP_OF_FRAMES = 1.7;
/** So many of the last times between two frames say what is usual. */
const REMEMBERED = 31;
const KNOWN_AFTER = 5;
/** A longer gap is a pause, or a jump of the encoder's clock. */
const LONGEST_GAP_MS = 5_000;
/** Two clocks drift apart by some 50 ms within this time: what was quickest before the last two of them is forgotten. */
const SPAN_MS = 600_000;

/** What a stream's own times tell of its way here: frames that its encoder left out, and how late the rest comes. */
export class FrameGaps {
  #lastMs: number | null = null;
  #betweenMs: number[] = [];
  #missing = 0;
  /** Our time less the stream's, of the last frame. */
  #delayMs = 0;
  /** The least of this span of time and of the one before. */
  #least: Span = { sinceMs: 0, delayMs: Number.POSITIVE_INFINITY };
  #leastBefore = Number.POSITIVE_INFINITY;

  /** So far. */
  get missing(): number {
    return this.#missing;
  }

  /** @returns By how much the last frame came later than the quickest one; of a stream that stands still, how long nothing came. */
  lateMs(nowMs: number): number {
    if (this.#lastMs === null) return 0;
    const standsMs = Math.max(0, nowMs - this.#lastMs - this.#delayMs - this.#usualMs());
    const leastMs = Math.min(this.#least.delayMs, this.#leastBefore);
    return Math.round(Math.max(0, this.#delayMs + standsMs - leastMs));
  }

  note(timestampMs: number, nowMs: number): void {
    const gapMs = timestampMs - (this.#lastMs ?? timestampMs);
    const isJump = gapMs < 0 || gapMs > LONGEST_GAP_MS;
    if (!isJump && this.#lastMs !== null) this.#noteGap(gapMs);
    this.#lastMs = timestampMs;
    this.#delayMs = nowMs - timestampMs;
    this.#noteDelay(isJump, nowMs);
  }

  #noteDelay(isAnew: boolean, nowMs: number): void {
    const before = this.#least;
    if (isAnew || nowMs - before.sinceMs > SPAN_MS) {
      this.#leastBefore = isAnew ? Number.POSITIVE_INFINITY : before.delayMs;
      this.#least = { sinceMs: nowMs, delayMs: this.#delayMs };
    }
    this.#least.delayMs = Math.min(this.#least.delayMs, this.#delayMs);
  }

  #noteGap(gapMs: number): void {
    const usualMs = this.#usualMs();
    if (usualMs > 0 && gapMs > usualMs * GAP_OF_FRAMES) this.#missing += Math.round(gapMs / usualMs) - 1;
    this.#betweenMs = [...this.#betweenMs.slice(1 - REMEMBERED), gapMs];
  }

  /** The median; 0 before it is known. */
  #usualMs(): number {
    if (this.#betweenMs.length < KNOWN_AFTER) return 0;
    return this.#betweenMs.toSorted((a, b) => a - b)[Math.floor(this.#betweenMs.length / 2)] ?? 0;
  }
}

type Span = { sinceMs: number; delayMs: number };
