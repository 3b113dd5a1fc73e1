import type { SimulatedRoom } from "../cluster/cluster.ts";
import type { CoreChooser, ReportedCores } from "./reported-cores.ts";
import type { Advert, Strategy } from "./strategy.ts";

/** As in our own policy, so that the choice of the core is all that differs: when a silent node is dead, ... */
const NODE_TTL_MS = 3_000;
/** ... how many of its rooms each living node places with a beat, and when a room is tried again that found no core. */
const ORPHANS_PER_BEAT = 50;
const RETRY_MS = 3_000;

type Orphan = { roomId: string; dueAtMs: number };

/** Rooms by a chooser that looks at adverts alone. */
export class ReportedStrategy implements Strategy {
  readonly #cores: ReportedCores;
  readonly #chooser: CoreChooser;
  readonly #now: () => number;
  /** Nodes that are down, and when that is known. */
  readonly #silent = new Map<number, number>();
  #orphans: Orphan[] = [];

  constructor(cores: ReportedCores, chooser: CoreChooser, now: () => number) {
    this.#cores = cores;
    this.#chooser = chooser;
    this.#now = now;
  }

  async join(room: SimulatedRoom): Promise<number | null> {
    return room.peers > 0 ? room.core : this.#chooser.choose();
  }

  async replace({ roomId }: SimulatedRoom): Promise<number | null> {
    const core = this.#chooser.choose();
    if (core === null) this.#orphans.push({ roomId, dueAtMs: this.#now() + RETRY_MS });
    return core;
  }

  async hear(advert: Advert): Promise<string[]> {
    this.#cores.set(advert);
    this.#chooser.changed?.(advert.node);
    this.#forgetSilent();
    return this.#takeOrphans();
  }

  nodeDied(node: number, rooms: readonly SimulatedRoom[]): void {
    const dueAtMs = this.#now() + NODE_TTL_MS;
    this.#silent.set(node, dueAtMs);
    for (const { roomId } of rooms) this.#orphans.push({ roomId, dueAtMs });
  }

  nodeStarted(node: number): void {
    this.#silent.delete(node);
  }

  #forgetSilent(): void {
    for (const [node, dueAtMs] of this.#silent) {
      if (dueAtMs > this.#now()) continue;
      this.#silent.delete(node);
      this.#cores.forget(node);
      this.#chooser.changed?.(node);
    }
  }

  #takeOrphans(): string[] {
    // They are pushed with rising due times, but for those of a retry, which wait no longer than a death is hidden.
    let count = 0;
    while (
      count < ORPHANS_PER_BEAT &&
      (this.#orphans[count]?.dueAtMs ?? Number.POSITIVE_INFINITY) <= this.#now()
    )
      count += 1;
    return this.#orphans.splice(0, count).map(({ roomId }) => roomId);
  }
}
