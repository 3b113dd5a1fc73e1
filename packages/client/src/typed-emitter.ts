/** Events as a typed map: `name → what its listeners get`. */
export class TypedEmitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<(data: never) => void>>();

  /** @returns A function that takes the listener off again. */
  on<N extends keyof Events>(event: N, listener: (data: Events[N]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** A listener that throws disturbs neither the others nor the caller: its error goes where uncaught ones go. */
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
