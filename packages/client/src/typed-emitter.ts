/** Emits typed events; `Events` maps each name to the data that its listeners get. */
export class TypedEmitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<(data: never) => void>>();

  /** @returns A function that removes the listener. */
  on<N extends keyof Events>(event: N, listener: (data: Events[N]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** An error that a listener throws is reported as uncaught; it reaches neither the caller nor the other listeners. */
  emit<N extends keyof Events>(event: N, data: Events[N]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as (data: Events[N]) => void)(data);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
