/** A number of places that is not exceeded. */
export class Places {
  readonly #limit: number;
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get taken(): number {
    return this.#taken;
  }

  /** @returns Leaves the place again, idempotent; null where none is free. */
  enter(): (() => void) | null {
    if (this.#taken >= this.#limit) return null;
    this.#taken += 1;
    let isIn = true;
    return () => {
      if (isIn) this.#taken -= 1;
      isIn = false;
    };
  }
}
