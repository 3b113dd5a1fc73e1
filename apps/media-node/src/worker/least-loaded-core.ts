import type { Rooms } from "../rooms/rooms.ts";
import type { Core } from "./core.ts";

/** A room that was opened just now does not show in the measured load yet. */
const YOUNG_MS = 10_000;
/** The load that such a room is expected to reach: the registry's expectation of a meeting. */
const YOUNG_ROOM_LOAD = 0.012;

/** @returns The core that a room may go to; undefined when all are full or away. */
export function leastLoadedCore(cores: readonly Core[], rooms: Rooms, nowMs: number): Core | undefined {
  const young = (core: Core) =>
    rooms.onCore(core.index).filter(({ openedMs }) => nowMs - openedMs < YOUNG_MS).length;
  return cores
    .filter((core) => core.isUsable && !core.isFull)
    .map((core) => ({ core, load: core.load + YOUNG_ROOM_LOAD * young(core) }))
    .sort((a, b) => a.load - b.load)[0]?.core;
}
