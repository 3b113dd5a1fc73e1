import { setTimeout as pause } from "node:timers/promises";

/** An end that is to be told. */
export type Done = { sessionId: string; tell: () => Promise<void> };

export type DoneQueueOptions = {
  /** How many sessions' ends are told at once. */
  atOnce: number;
  /** How many may wait: what comes when so many do is dropped. */
  max: number;
  /** Pauses between the tries to tell one, ms. */
  retryDelaysMs: readonly number[];
  onDropped: () => void;
};

/** Tells ends in the background: those of one session in order, each a few times if need be. */
export class DoneQueue {
  readonly #options: DoneQueueOptions;
  /** By session, the oldest first. */
  readonly #waiting = new Map<string, Done[]>();
  readonly #busy = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  #count = 0;

  constructor(options: DoneQueueOptions) {
    this.#options = options;
  }

  add(done: Done): void {
    if (this.#count >= this.#options.max) {
      this.#options.onDropped();
      return;
    }
    this.#count += 1;
    const { sessionId } = done;
    this.#waiting.set(sessionId, [...(this.#waiting.get(sessionId) ?? []), done]);
    this.#next();
  }

  /** From now on nothing is tried again. @returns When all has been told, or `withinMs` are over: the rest is dropped then. */
  async close(withinMs: number): Promise<void> {
    this.#closing.abort();
    const timer = setTimeout(() => this.#waiting.clear(), withinMs);
    while (this.#busy.size > 0) await Promise.all(this.#busy.values());
    clearTimeout(timer);
  }

  #next(): void {
    if (this.#busy.size >= this.#options.atOnce) return;
    for (const [sessionId, dones] of this.#waiting) {
      if (this.#busy.has(sessionId)) continue;
      this.#waiting.delete(sessionId);
      this.#busy.set(sessionId, this.#tellAll(sessionId, dones));
      return;
    }
  }

  async #tellAll(sessionId: string, dones: readonly Done[]): Promise<void> {
    for (const done of dones) {
      await this.#tell(done);
      this.#count -= 1;
    }
    this.#busy.delete(sessionId);
    this.#next();
  }

  async #tell({ tell }: Done): Promise<void> {
    for (const delayMs of [0, ...this.#options.retryDelaysMs]) {
      try {
        if (delayMs > 0) await pause(delayMs, undefined, { signal: this.#closing.signal });
        await tell();
        return;
      } catch {
        // Noted where it failed.
        if (this.#closing.signal.aborted) return;
      }
    }
  }
}
