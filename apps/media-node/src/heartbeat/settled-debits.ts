/** After this time the measured load contains a peer's, ms. The growth of young rooms is reserved by the registry itself. */
const PEER_SETTLES_MS = 10_000;
/** The registry ends a debit by itself after 30 s, so a debit that is told later than that does not matter any more. */
const FORGOTTEN_MS = 60_000;
const PER_BEAT = 500;
/** Each costs the registry a look through the node's open debits. */
const SEATED_PER_BEAT = 64;

type SeatedDebit = { debitId: string; core: number };

/**
 * Knows which debits are settled: the measured load contains them, or their peer did not come. And which are to be moved: their peer sits
 * on another core than the one that the registry debited.
 */
export class SettledDebits {
  readonly #now: () => number;
  /** Debits of peers that sit elsewhere, by id, and whether the registry has heard of it. */
  readonly #seated = new Map<string, { core: number; isTold: boolean }>();
  /** When each debit is due, by id. */
  readonly #dueMs = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param core That the peer sits on, where that is not the one that was debited. */
  noteArrival(debitId: string, core: number | null = null): void {
    if (debitId !== "" && core !== null) this.#seated.set(debitId, { core, isTold: false });
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
    for (const [id, dueMs] of this.#dueMs) if (now - dueMs > FORGOTTEN_MS) this.#forget(id);
    const due = [...this.#dueMs].filter(([, dueMs]) => dueMs <= now).map(([id]) => id);
    return due.slice(0, PER_BEAT);
  }

  /** @param settled Those that the same beat settles: a debit's core is told with its end too. */
  seated(settled: readonly string[]): SeatedDebit[] {
    const ending = new Set(settled);
    const seated = [...this.#seated].map(([debitId, { core, isTold }]) => ({ debitId, core, isTold }));
    const fresh = seated.filter(({ debitId, isTold }) => !isTold && !ending.has(debitId));
    const told = [...seated.filter(({ debitId }) => ending.has(debitId)), ...fresh.slice(0, SEATED_PER_BEAT)];
    return told.map(({ debitId, core }) => ({ debitId, core }));
  }

  /** The registry has heard of them. */
  noteAnswer(settled: readonly string[], seated: readonly SeatedDebit[] = []): void {
    for (const { debitId, core } of seated)
      if (this.#seated.has(debitId)) this.#seated.set(debitId, { core, isTold: true });
    for (const id of settled) this.#forget(id);
  }

  #forget(debitId: string): void {
    this.#dueMs.delete(debitId);
    this.#seated.delete(debitId);
  }

  #note(debitId: string, dueMs: number): void {
    // Without the registry a peer comes without a debit.
    if (debitId !== "") this.#dueMs.set(debitId, dueMs);
  }
}
