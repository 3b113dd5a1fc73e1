/**
 * The index's time never runs back: a call whose time is behind the latest counts as the latest. Clocks may be set, calls held up on
 * their way, and processes may follow different clocks for a while.
 */
export class IndexTime {
  readonly #gapMs: number;
  #latestMs = Number.NEGATIVE_INFINITY;

  /** @param gapMs By how much one beat may move the time on at most. */
  constructor({ gapMs }: { gapMs: number }) {
    this.#gapMs = gapMs;
  }

  /** @param clockMs The caller's time. @returns The time of this call. */
  at(clockMs: number): number {
    this.#latestMs = Math.max(this.#latestMs, clockMs);
    return this.#latestMs;
  }

  /**
   * A beat whose time is behind moves the index's time on by what passed on its own clock since the node's last beat: if all clocks were
   * set back, time would stand still, and nobody would be found dead. Other calls don't: a node has one beat on its way, a stopped process
   * may have many calls.
   *
   * @param last The node's last beat: when it was, by the index and by its own clock.
   */
  atBeat(clockMs: number, last: { lastBeatMs: number; ownMs: number } | undefined): number {
    if (!last || clockMs >= this.#latestMs || clockMs <= last.ownMs) return this.at(clockMs);
    return this.at(last.lastBeatMs + Math.min(clockMs - last.ownMs, this.#gapMs));
  }
}
