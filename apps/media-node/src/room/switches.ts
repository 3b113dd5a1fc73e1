import { inBatches } from "@fairlead/protocol";
import { Turns } from "../lease/turns.ts";

type Switchable = { readonly paused: boolean; pause(): Promise<void>; resume(): Promise<void> };

/** Each is a call to the worker: a larger number at once would keep what others ask waiting. */
const AT_ONCE = 10;

/** Pauses and resumes a peer's producers and consumers in the order in which it asks. */
export class Switches {
  /** How many resumes are on their way to the worker. */
  readonly #resuming = new WeakMap<Switchable, number>();
  /** The pause that was asked for last, if it is on its way. */
  readonly #pausing = new WeakMap<Switchable, Promise<void>>();
  readonly #turns = new Turns(1);

  /**
   * What its commands name together is acted on a few at a time, in the order of the commands. Skips those that close meanwhile.
   * @throws What the first of them that is still open failed with, once all had their turn.
   */
  async each<T extends Switchable & { readonly closed: boolean }>(
    all: readonly T[],
    act: (one: T) => Promise<unknown>,
  ): Promise<void> {
    await this.#turns.take(async () => {
      const failures: unknown[] = [];
      // What closes meanwhile fails at its worker before it is closed here.
      const actOn = (one: T) => act(one).catch((error: unknown) => one.closed || failures.push(error));
      for (const some of inBatches(all, AT_ONCE))
        await Promise.all(some.filter(({ closed }) => !closed).map(actOn));
      if (failures.length > 0) throw failures[0];
    });
  }

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
