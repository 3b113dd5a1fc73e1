import { drawExponential, drawPoisson, type Random, randomIndex } from "../seeded-random.ts";
import { drawJoinOffsets } from "./join-offsets.ts";
import { drawRoomSize } from "./room-size.ts";
import type { Workload, WorkloadEvent } from "./workload.ts";

const STEP_MS = 100;
/** Meetings are short as a rule, and some are not. */
const SHORTEST_MS = 30_000;
const MEAN_BEYOND_MS = 150_000;
/** So many of a room's peers leave before its end. */
const LEAVES_EARLY = 0.3;
/** A node's machine is back after this. */
const BACK_AFTER_MS = 60_000;

export type ChurnOptions = {
  nodes: number;
  /** Rooms that open each second of ordinary times. */
  roomsPerSecond: number;
  /** Times in which more do. */
  bursts: readonly { fromMs: number; toMs: number; factor: number }[];
  /** How many nodes die at once, and when. */
  deaths: readonly { atMs: number; nodes: number }[];
  random: Random;
};

/** Rooms that come, grow, shrink and end; bursts of them; nodes that die and come back idle. */
export class ChurnWorkload implements Workload {
  readonly #options: ChurnOptions;
  /** Steps that are drawn already. */
  readonly #planned = new Map<number, WorkloadEvent[]>();
  #rooms = 0;

  constructor(options: ChurnOptions) {
    this.#options = options;
    for (const { atMs, nodes } of options.deaths)
      for (let died = 0; died < nodes; died += 1) this.#planDeath(atMs);
  }

  take(fromMs: number, toMs: number): WorkloadEvent[] {
    const events: WorkloadEvent[] = [];
    for (let atMs = fromMs; atMs < toMs; atMs += STEP_MS) {
      this.#openRooms(atMs);
      const step = atMs / STEP_MS;
      // One by one: a burst's events are more than a call may have arguments.
      for (const event of this.#planned.get(step) ?? []) events.push(event);
      this.#planned.delete(step);
    }
    return events;
  }

  #openRooms(atMs: number): void {
    const { roomsPerSecond, bursts, random } = this.#options;
    const factor = bursts.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)?.factor ?? 1;
    const opened = drawPoisson(random, (roomsPerSecond * factor * STEP_MS) / 1_000);
    for (let room = 0; room < opened; room += 1) this.#planRoom(atMs);
  }

  #planRoom(opensMs: number): void {
    const { random } = this.#options;
    const roomId = `r${this.#rooms}`;
    this.#rooms += 1;
    const endsMs = opensMs + SHORTEST_MS + drawExponential(random, MEAN_BEYOND_MS);
    for (const offsetMs of drawJoinOffsets(drawRoomSize(random), random)) {
      const joinsMs = opensMs + offsetMs;
      if (joinsMs >= endsMs) break;
      this.#plan({ kind: "join", roomId, atMs: joinsMs });
      if (random() < LEAVES_EARLY)
        this.#plan({ kind: "leave", roomId, atMs: joinsMs + random() * (endsMs - joinsMs) });
    }
    this.#plan({ kind: "end", roomId, atMs: endsMs });
  }

  #planDeath(atMs: number): void {
    const node = randomIndex(this.#options.random, this.#options.nodes);
    this.#plan({ kind: "death", node, atMs });
    this.#plan({ kind: "start", node, atMs: atMs + BACK_AFTER_MS });
  }

  /** To the step: within it, order is that of planning. */
  #plan(event: WorkloadEvent): void {
    const step = Math.floor(event.atMs / STEP_MS);
    const events = this.#planned.get(step) ?? [];
    if (events.length === 0) this.#planned.set(step, events);
    events.push({ ...event, atMs: step * STEP_MS });
  }
}
