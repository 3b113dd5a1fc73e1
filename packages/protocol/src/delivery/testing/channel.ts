/** One direction of a bus that nobody can rely on: messages stay in flight until something happens to them. */
export class Channel<T> {
  readonly #inFlight: T[] = [];

  send(message: T): void {
    // As bytes would: nobody shares an object with the other end.
    this.#inFlight.push(structuredClone(message));
  }

  get size(): number {
    return this.#inFlight.length;
  }

  /** Takes any message in flight out, so that it arrives now (before older ones) or never. */
  take(index: number): T | undefined {
    return this.#inFlight.splice(index % Math.max(this.#inFlight.length, 1), 1)[0];
  }

  double(index: number): void {
    const message = this.#inFlight[index % Math.max(this.#inFlight.length, 1)];
    if (message) this.send(message);
  }
}
