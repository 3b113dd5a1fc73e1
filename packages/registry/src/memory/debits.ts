import type { CoreAddress } from "@fairlead/protocol";

export type Debit = {
  debitId: string;
  roomId: string;
  incarnation: string;
  core: number;
  costPpm: number;
  atMs: number;
};

type Core = Pick<CoreAddress, "incarnation" | "core">;

/**
 * What was promised to peers that no measured load contains yet. Each is its own entry, so a heartbeat that was computed
 * before a placement cannot wipe it out, and one that names it ends it exactly once.
 */
export class Debits {
  /** In order of age, since all live equally long. */
  readonly #open = new Map<string, Debit>();
  readonly #sumPpm = new Map<string, number>();

  open(debit: Debit): void {
    this.#open.set(debit.debitId, debit);
    this.#add(debit, debit.costPpm);
  }

  /** A node settles its own only; others, and ids that are gone, are passed over. */
  settle(incarnation: string, debitIds: readonly string[]): void {
    for (const debitId of debitIds)
      if (this.#open.get(debitId)?.incarnation === incarnation) this.#end(debitId);
  }

  /** The room left its core, and the load that they stood for with it. */
  dropRoom(roomId: string): void {
    for (const debit of this.#open.values()) if (debit.roomId === roomId) this.#end(debit.debitId);
  }

  dropOlderThan(atMs: number): void {
    for (const debit of this.#open.values()) {
      if (debit.atMs >= atMs) return;
      this.#end(debit.debitId);
    }
  }

  sumPpm(core: Core): number {
    return this.#sumPpm.get(keyOf(core)) ?? 0;
  }

  #end(debitId: string): void {
    const debit = this.#open.get(debitId);
    if (!debit) return;
    this.#open.delete(debitId);
    this.#add(debit, -debit.costPpm);
  }

  #add(core: Core, ppm: number): void {
    const sum = this.sumPpm(core) + ppm;
    if (sum === 0) this.#sumPpm.delete(keyOf(core));
    else this.#sumPpm.set(keyOf(core), sum);
  }
}

function keyOf({ incarnation, core }: Core): string {
  return `${incarnation}.${core}`;
}
