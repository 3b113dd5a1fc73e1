type Switchable = { readonly paused: boolean; pause(): Promise<void>; resume(): Promise<void> };

/** Pauses and resumes a peer's producers and consumers in the order in which it asks. */
export class Switches {
  /** How many resumes are on their way to the worker. */
  readonly #resuming = new WeakMap<Switchable, number>();

  async resume(one: Switchable): Promise<void> {
    this.#count(one, 1);
    try {
      await one.resume();
    } finally {
      this.#count(one, -1);
    }
  }

  /** Does nothing to what is paused and stays so. @returns Whether it did anything. */
  async pause(one: Switchable): Promise<boolean> {
    if (one.paused && (this.#resuming.get(one) ?? 0) === 0) return false;
    await one.pause();
    return true;
  }

  #count(one: Switchable, by: number): void {
    this.#resuming.set(one, (this.#resuming.get(one) ?? 0) + by);
  }
}
