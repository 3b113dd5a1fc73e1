/** After this time the measured load contains a peer's, ms. The growth of young rooms is reserved by the registry itself. */
const PEER_SETTLES_MS = 10_000;
/** The registry ends a debit by itself after 30 s, so a debit that is told later than that does not matter any more. */
const FORGOTTEN_MS = 60_000;
const PER_BEAT = 500;

/** Knows which debits are settled: the measured load contains them, or their peer did not come. */
export class SettledDebits {
  readonly #now: () => number;
  /** When each debit is due, by id. */
  readonly #dueMs = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  noteArrival(debitId: string): void {
    this.#note(debitId, this.#now() + PEER_SETTLES_MS);
  }

  /** The peer was not admitted, or its load is advertised already: its debit ends with the next heartbeat. */
  noteRefusal(debitId: string): void {
    this.#note(debitId, this.#now());
  }

  /** The peer left again: its debit ends at once, so that peers who come and go do not fill the core. */
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
