type Closable = { close(): Promise<void> | void };

/** What has been started, to be closed in the reverse order. */
export class Closers {
  readonly #started: Closable[] = [];

  add(...started: (Closable | null)[]): void {
    this.#started.push(...started.filter((one) => one !== null));
  }

  /** All of it, also when one fails to. */
  async closeAll(): Promise<void> {
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
