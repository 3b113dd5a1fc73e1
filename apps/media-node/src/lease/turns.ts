/** Rooms placed at once: their peers come back all together, and each costs two transports. */
export const ROOMS_AT_ONCE = 4;

/** Lets so many callers act at a time, in the order in which they came. A caller that waits for something else takes no turn for it. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(limit: number) {
    this.#free = limit;
  }

  /** @returns What `act` does, once it has had its turn. */
  async take<T>(act: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
