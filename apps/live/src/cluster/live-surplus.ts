import { type LedgerEntry, Surplus } from "@fairlead/mediasoup-worker/ledger";
import type { SurplusPage } from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import type { Children, RunningChild } from "../encoder/children.ts";

type Entry = LedgerEntry | RunningChild;

export type LiveSurplusOptions = {
  nodeId: string;
  /** Of the media worker. */
  ledger: { entries(): LedgerEntry[]; close(id: string): void };
  children: Pick<Children, "entries" | "close">;
  /** Of the ffmpegs that work for a publisher. */
  ownedPids: () => readonly (number | undefined)[];
  /** Whether a publisher of this id is there, and has it. */
  isUsed: (publisherId: string, entry: LedgerEntry) => boolean;
  log: Logger;
  now: () => number;
};

/** What is left in the media worker and in the process table that no publisher has. */
export class LiveSurplus {
  readonly #surplus: Surplus<Entry>;

  constructor({ nodeId, ledger, children, ownedPids, isUsed, log, now }: LiveSurplusOptions) {
    this.#surplus = new Surplus<Entry>({
      ...{ nodeId, log, now },
      ledger: {
        entries: () => [...ledger.entries(), ...children.entries()],
        close: (id) => {
          ledger.close(id);
          children.close(id);
        },
      },
      isOwned: (entry) => {
        if (entry.kind === "process") return ownedPids().includes(entry.pid);
        return isUsed(entry.owner?.publisherId ?? "", entry);
      },
    });
  }

  sweep(): void {
    this.#surplus.sweep();
  }

  page(after: string | undefined): SurplusPage {
    const { surplus, cursor } = this.#surplus.page(after);
    return {
      surplus: surplus.flatMap((each) => (each.kind === "process" ? [] : each)),
      processes: surplus.flatMap((each) => (each.kind === "process" ? each : [])),
      ...(cursor === undefined ? {} : { cursor }),
    };
  }

  reclaim(ids?: readonly string[]): number {
    return this.#surplus.reclaim(ids);
  }
}
