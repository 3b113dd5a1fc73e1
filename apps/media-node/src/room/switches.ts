type Switchable = { readonly paused: boolean; pause(): Promise<void>; resume(): Promise<void> };

/** Pauses and resumes a peer's producers and consumers in the order in which it asks. */
export class Switches {
  /** How many resumes are on their way to the worker. */
  readonly #resuming = new WeakMap<Switchable, number>();
  /** The pause that was asked for last, if it is on its way. */
  readonly #pausing = new WeakMap<Switchable, Promise<void>>();

  async resume(one: Switchable): Promise<void> {
    this.#pausing.delete(one);
    this.#count(one, 1);
    try {
      await one.resume();
    } finally {
      this.#count(one, -1);
    }
  }

  /** Does nothing to what is paused, or about to be, and stays so. @returns Whether it did anything. */
  async pause(one: Switchable): Promise<boolean> {
    const underWay = this.#pausing.get(one);
    if (underWay) {
      await underWay;
      return false;
    }
    if (one.paused && (this.#resuming.get(one) ?? 0) === 0) return false;
    const pausing = one.pause();
    this.#pausing.set(one, pausing);
    try {
      await pausing;
    } finally {
      if (this.#pausing.get(one) === pausing) this.#pausing.delete(one);
    }
    return true;
  }

  #count(one: Switchable, by: number): void {
    this.#resuming.set(one, (this.#resuming.get(one) ?? 0) + by);
  }
}
