import { createRandom, type Random, randomIndex } from "../../simulation/seeded-random.ts";
import { drawJoinOffsets } from "../../simulation/workload/join-offsets.ts";
import { drawRoomSize } from "../../simulation/workload/room-size.ts";
import type { BurstTrace, BurstTraces } from "./burst-trace.ts";

const SEED = 20_261_121;
const TRACES = 10;

/** jicofo's, which herded 58 of them onto one bridge, and that of a whole company at the full hour. */
export const BURSTS = [
  { name: "92-in-31s", joins: 92, burstMs: 31_000 },
  { name: "500-in-10s", joins: 500, burstMs: 10_000 },
];

/** @returns Always the same. */
export function drawTraces(burst: (typeof BURSTS)[number]): BurstTraces {
  const random = createRandom(SEED + burst.joins);
  return { ...burst, traces: Array.from({ length: TRACES }, () => drawTrace(burst, random)) };
}

/** Rooms that open at any moment of the burst, until just so many peers have joined within it; the others come later. */
function drawTrace({ joins, burstMs }: { joins: number; burstMs: number }, random: Random): BurstTrace {
  const rooms: number[][] = [];
  for (let left = joins; left > 0; ) {
    const opensMs = randomIndex(random, burstMs);
    const joinsMs = drawJoinOffsets(drawRoomSize(random), random).map((offsetMs) => opensMs + offsetMs);
    const within = joinsMs.filter((atMs) => atMs < burstMs).length;
    if (within > left) continue;
    rooms.push(joinsMs);
    left -= within;
  }
  return { rooms: rooms.sort(([a = 0], [b = 0]) => a - b) };
}
