/** Who watches: the viewing sessions that asked for a playlist lately. */
export class ViewingSessions {
  readonly #goneMs: number;
  readonly #now: () => number;
  /** By broadcast and viewing session: when it last asked. */
  readonly #seen = new Map<string, Map<string, number>>();

  /** @param goneMs After this time without a request for a playlist, a viewer is gone. @param now Milliseconds that never run back. */
  constructor(goneMs: number, now: () => number) {
    this.#goneMs = goneMs;
    this.#now = now;
  }

  saw(broadcastId: string, viewId: string): void {
    let seen = this.#seen.get(broadcastId);
    if (!seen) {
      seen = new Map();
      this.#seen.set(broadcastId, seen);
    }
    // Those that are gone stand first.
    seen.delete(viewId);
    seen.set(viewId, this.#now());
    this.#forgetGone(broadcastId, seen);
  }

  countOf(broadcastId: string): number {
    const seen = this.#seen.get(broadcastId);
    if (!seen) return 0;
    this.#forgetGone(broadcastId, seen);
    return seen.size;
  }

  /** Of all broadcasts. */
  forgetGone(): void {
    for (const [broadcastId, seen] of this.#seen) this.#forgetGone(broadcastId, seen);
  }

  #forgetGone(broadcastId: string, seen: Map<string, number>): void {
    for (const [viewId, seenAtMs] of seen) {
      if (this.#now() - seenAtMs < this.#goneMs) return;
      seen.delete(viewId);
    }
    this.#seen.delete(broadcastId);
  }
}
