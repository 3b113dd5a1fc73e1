/** After this time a peer's load is in the measured one, ms. What a young room may grow to, the registry reserves itself. */
const PEER_SETTLES_MS = 10_000;
/** The registry ends a debit by itself after 30 s: none that is told later, after it was away, matters any more. */
const FORGOTTEN_MS = 60_000;
const PER_BEAT = 1_000;

/** Which debits the measured load contains, or nobody came for. */
export class SettledDebits {
  readonly #now: () => number;
  /** When they are due, by id. */
  readonly #dueMs = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  noteArrival(debitId: string): void {
    this.#note(debitId, this.#now() + PEER_SETTLES_MS);
  }

  /** The peer was not let in: its debit ends with the next beat. */
  noteRefusal(debitId: string): void {
    this.#note(debitId, this.#now());
  }

  /** It left again: nothing more is to be measured, and many that come and go at once must not fill the core. */
  noteDeparture(debitId: string): void {
    if (this.#dueMs.has(debitId)) this.#note(debitId, this.#now());
  }

  due(): string[] {
    const now = this.#now();
    for (const [id, dueMs] of this.#dueMs) if (now - dueMs > FORGOTTEN_MS) this.#dueMs.delete(id);
    const due = [...this.#dueMs].filter(([, dueMs]) => dueMs <= now).map(([id]) => id);
    return due.slice(0, PER_BEAT);
  }

  /** The registry has heard of them. */
  noteAnswer(ids: readonly string[]): void {
    for (const id of ids) this.#dueMs.delete(id);
  }

  #note(debitId: string, dueMs: number): void {
    // Without the registry a peer comes without a debit.
    if (debitId !== "") this.#dueMs.set(debitId, dueMs);
  }
}
