type Closable = { close(): Promise<void> | void };

/** Closes everything that was started, in the reverse order. */
export class Closers {
  readonly #started: Closable[] = [];
  #isClosed = false;

  /** Something that comes after the end, since its start took longer, is closed at once. */
  add(...started: (Closable | null)[]): void {
    this.#started.push(...started.filter((one) => one !== null));
    if (this.#isClosed) void this.closeAll();
  }

  /** All of it, also when one fails to. */
  async closeAll(): Promise<void> {
    this.#isClosed = true;
    const failures: unknown[] = [];
    for (const one of this.#started.splice(0).reverse()) {
      try {
        await one.close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "not all could be closed");
  }
}
