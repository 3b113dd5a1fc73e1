const ignore = () => {};

/**
 * Counts sockets that have had no session yet, by the address of their clients: a client without a ticket opens as many as the
 * limit allows, however long each may wait. A refused `join` changes nothing, as any of it may be made up.
 */
export class UnjoinedSockets {
  readonly #limit: number;
  readonly #counts = new Map<string, number>();

  /** @param limit Of one address. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * @param address undefined: nobody knows, and nothing is counted.
   * @returns What to call once the socket's client has a session or is gone, idempotent; null if its address has as many as it may.
   */
  enter(address: string | undefined): (() => void) | null {
    if (address === undefined) return ignore;
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.#limit) return null;
    this.#counts.set(address, count + 1);
    let isIn = true;
    return () => {
      if (isIn) this.#leave(address);
      isIn = false;
    };
  }

  #leave(address: string): void {
    const left = (this.#counts.get(address) ?? 1) - 1;
    if (left > 0) this.#counts.set(address, left);
    else this.#counts.delete(address);
  }
}
