import type { Heartbeat } from "@fairlead/protocol";
import type { Room } from "../room/room.ts";

/** A room's cost is told at this age: the registry reserves its growth for as long (`reservationMs`). */
const GROWN_UP_MS = 120_000;
/** A room that closes earlier was hardly used, and its cost is not told. */
const TOO_SHORT_MS = 30_000;
const PER_BEAT = 64;
/** Costs that wait while the registry is away: old ones teach as much as new ones. */
const KEPT = 1_000;

type Cost = Heartbeat["observedCosts"][number];

/** A room's load is in what its core measures by then. */
const MEASURED_MS = 10_000;

/**
 * @param cpuShare Of its worker. @param load What it advertises.
 * @param rooms All that have peers there, those that linger too, with the consumers of these.
 */
export type SampledCore = {
  cpuShare: number;
  load: number;
  rooms: readonly { room: Room; consumers: number }[];
};

/**
 * Measures the load of rooms, so that the registry learns what to expect of new ones.
 *
 * mediasoup measures a worker, not a room: a room's load is taken to be its share of its core's, by its share of the core's
 * consumers. That is fair as long as the rooms of a core send alike; a room with cameras beside one without is told too low, the
 * other too high, and the two errors meet in the registry's percentile.
 */
export class ObservedCosts {
  readonly #now: () => number;
  /** The highest load of each room that has not been told. */
  readonly #peaks = new Map<Room, number>();
  readonly #untold: Cost[] = [];
  /** What each room takes of the loads of its cores, as sampled last. */
  #loads = new Map<Room, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param isMoved It was served elsewhere before, and its cost is told there. */
  noteOpened(room: Room, isMoved = false): void {
    if (!isMoved) this.#peaks.set(room, 0);
  }

  noteClosed(room: Room): void {
    if (this.#ageMs(room) >= TOO_SHORT_MS) this.#tell(room);
    this.#peaks.delete(room);
  }

  /** A room costs the sum over its seats. */
  sample(cores: readonly SampledCore[]): void {
    const costs = sharesOf(cores, ({ cpuShare }) => cpuShare);
    this.#loads = sharesOf(cores, ({ load }) => load);
    for (const [room, peak] of this.#peaks) {
      this.#peaks.set(room, Math.max(peak, costs.get(room) ?? 0));
      if (this.#ageMs(room) >= GROWN_UP_MS) this.#tell(room);
    }
  }

  /** What a room that moves takes where it is, in cores; undefined: it has not been measured. */
  loadOf(room: Room): number | undefined {
    return this.#ageMs(room) < MEASURED_MS ? undefined : this.#loads.get(room);
  }

  /** The costs that the next heartbeat tells. */
  due(): Cost[] {
    return this.#untold.slice(0, PER_BEAT);
  }

  /** The registry has heard of them. */
  noteAnswer(told: readonly Cost[]): void {
    this.#untold.splice(0, told.length);
  }

  #tell(room: Room): void {
    const peak = this.#peaks.get(room);
    if (peak === undefined) return;
    this.#peaks.delete(room);
    if (this.#untold.length < KEPT) this.#untold.push({ kind: room.options.kind, load: Math.min(peak, 4) });
  }

  #ageMs(room: Room): number {
    return this.#now() - room.openedMs;
  }
}

/** How much each room takes of what its cores have, by its share of their consumers. */
function sharesOf(cores: readonly SampledCore[], read: (core: SampledCore) => number): Map<Room, number> {
  const shares = new Map<Room, number>();
  for (const core of cores) {
    const total = core.rooms.reduce((sum, { consumers }) => sum + consumers, 0);
    for (const { room, consumers } of core.rooms) {
      const share = total > 0 ? (read(core) * consumers) / total : 0;
      shares.set(room, (shares.get(room) ?? 0) + share);
    }
  }
  return shares;
}
