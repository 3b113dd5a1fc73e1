import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom, type Random, randomIndex } from "../../simulation/seeded-random.ts";
import { drawJoinOffsets } from "../../simulation/workload/join-offsets.ts";
import { drawRoomSize } from "../../simulation/workload/room-size.ts";
import type { BurstTrace, BurstTraces } from "./burst-trace.ts";

/** Writes the committed traces anew: `node tests/bench/burst/generate-traces.ts`. */
const SEED = 20_261_121;
const TRACES = 10;
const BURSTS = [
  { name: "92-in-31s", joins: 92, burstMs: 31_000 },
  { name: "500-in-10s", joins: 500, burstMs: 10_000 },
];

for (const burst of BURSTS) {
  const random = createRandom(SEED + burst.joins);
  const traces = Array.from({ length: TRACES }, () => drawTrace(burst.joins, burst.burstMs, random));
  const path = join(import.meta.dirname, "traces", `${burst.name}.json`);
  writeFileSync(path, format({ ...burst, traces }));
}

/** Rooms that open at any moment of the burst, until just so many peers have joined within it; the others come later. */
function drawTrace(joins: number, burstMs: number, random: Random): BurstTrace {
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

/** A trace a line. */
function format({ traces, ...burst }: BurstTraces): string {
  const lines = traces.map((trace) => `  ${JSON.stringify(trace)}`).join(",\n");
  return `${JSON.stringify(burst).slice(0, -1)},"traces":[\n${lines}\n]}\n`;
}
