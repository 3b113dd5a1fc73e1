import type { Workload, WorkloadEvent } from "../../simulation/workload/workload.ts";

/** A burst and what became of its rooms. */
export type BurstTrace = {
  /** Per room when each of its peers joins, ms since the burst began, ascending. The first opens the room, within the burst. */
  rooms: number[][];
};

/** A file of traces that were drawn alike. */
export type BurstTraces = { name: string; joins: number; burstMs: number; traces: BurstTrace[] };

export class TraceWorkload implements Workload {
  readonly #events: WorkloadEvent[];
  #next = 0;

  constructor({ rooms }: BurstTrace) {
    this.#events = rooms
      .flatMap((joinsMs, room) =>
        joinsMs.map((atMs): WorkloadEvent => ({ kind: "join", roomId: `room-${room}`, atMs })),
      )
      .sort((a, b) => a.atMs - b.atMs);
  }

  take(_fromMs: number, toMs: number): WorkloadEvent[] {
    const from = this.#next;
    while ((this.#events[this.#next]?.atMs ?? Number.POSITIVE_INFINITY) < toMs) this.#next += 1;
    return this.#events.slice(from, this.#next);
  }
}
