import { SURPLUS_PER_PAGE } from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";

/** A younger resource may belong to a room that is being opened or a peer that is being admitted. */
const SETTLED_MS = 5_000;
/** A resource that has had no owner for this long is reclaimed without being asked for. */
const GRACE_MS = 30_000;

export type SurplusOptions<Entry> = {
  nodeId: string;
  /** `close` does nothing for what is gone. */
  ledger: { entries(): readonly Entry[]; close(id: string): void };
  isOwned: (entry: Entry) => boolean;
  log: Logger;
  now: () => number;
};

type Found<Entry> = Entry & { nodeId: string; sinceMs: number };

/** Finds, lists and frees the resources whose owner is gone, or that never had one. Each is the trace of a bug. */
export class Surplus<Entry extends { id: string }> {
  readonly #options: SurplusOptions<Entry>;
  /** When each was first found without an owner, by id. */
  readonly #sinceMs = new Map<string, number>();

  constructor(options: SurplusOptions<Entry>) {
    this.#options = options;
  }

  /** Looks for resources that have lost their owner, and frees those that lost it long ago. Called every few seconds. */
  sweep(): void {
    const nowMs = this.#options.now();
    this.#look(nowMs);
    const old = this.#settled(nowMs).filter(({ sinceMs }) => nowMs - sinceMs >= GRACE_MS);
    if (old.length > 0) this.#free(old);
  }

  /** In order of id. @param cursor The id after which the page begins. */
  page(cursor = ""): { surplus: Found<Entry>[]; cursor?: string } {
    const nowMs = this.#options.now();
    this.#look(nowMs);
    const rest = this.#settled(nowMs).filter(({ id }) => id > cursor);
    const surplus = rest.slice(0, SURPLUS_PER_PAGE);
    const last = surplus.at(-1);
    return { surplus, ...(rest.length > surplus.length && last ? { cursor: last.id } : {}) };
  }

  /** @param ids Default: all. Skips those that are gone or have an owner. @returns How many were freed. */
  reclaim(ids?: readonly string[]): number {
    const nowMs = this.#options.now();
    this.#look(nowMs);
    const wanted = ids && new Set(ids);
    return this.#free(this.#settled(nowMs).filter(({ id }) => !wanted || wanted.has(id)));
  }

  #look(nowMs: number): void {
    const { ledger, isOwned } = this.#options;
    const ownerless = new Set<string>();
    for (const entry of ledger.entries()) if (!isOwned(entry)) ownerless.add(entry.id);
    for (const id of this.#sinceMs.keys()) if (!ownerless.has(id)) this.#sinceMs.delete(id);
    for (const id of ownerless) if (!this.#sinceMs.has(id)) this.#sinceMs.set(id, nowMs);
  }

  #settled(nowMs: number): Found<Entry>[] {
    const { ledger, nodeId } = this.#options;
    if (this.#sinceMs.size === 0) return [];
    return ledger
      .entries()
      .flatMap((entry) => {
        const sinceMs = this.#sinceMs.get(entry.id);
        return sinceMs === undefined || nowMs - sinceMs < SETTLED_MS ? [] : { ...entry, nodeId, sinceMs };
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #free(resources: readonly Found<Entry>[]): number {
    for (const { id, nodeId: _, sinceMs: __, ...about } of resources) {
      this.#options.log.warn("surplus.reclaimed", { id, ...about });
      this.#options.ledger.close(id);
      this.#sinceMs.delete(id);
    }
    return resources.length;
  }
}
