import { Cluster } from "../../simulation/cluster/cluster.ts";
import { LoadHistory } from "../../simulation/cluster/load-history.ts";
import { roomLoadPpm } from "../../simulation/cluster/room-load.ts";
import { createRandom } from "../../simulation/seeded-random.ts";
import { createStrategy } from "../../simulation/strategies/create-strategy.ts";
import type { StrategyName } from "../../simulation/strategies/strategy.ts";
import { drawRoomSize } from "../../simulation/workload/room-size.ts";
import { World } from "../../simulation/world.ts";
import { type BurstTrace, TraceWorkload } from "./burst-trace.ts";

const BEAT_MS = 500;
/** Rooms whose cost the registry has learned before. */
const EARLIER_ROOMS = 200;

export type BurstRun = {
  trace: BurstTrace;
  burstMs: number;
  coresPerNode: number;
  /** Load of each core before, ppm. */
  base: Float64Array;
  /** For what a strategy, or the registry's past, leaves to chance. */
  seed: number;
  advertAgeMs: number;
  /** Ours fills nodes rather than spreads rooms. */
  fills?: boolean;
};

/**
 * Places a burst's rooms by a strategy. Nobody leaves, so a core is fullest at the end, when all peers are there: the rooms'
 * growth after the last placement is added up without the clock.
 * @returns Load of the fullest core, ppm.
 */
export async function runBurst(name: StrategyName, run: BurstRun): Promise<number> {
  const { trace, burstMs, base, seed, advertAgeMs, coresPerNode, fills } = run;
  const size = { nodes: base.length / coresPerNode, coresPerNode };
  const random = createRandom(seed);
  const cluster = new Cluster(size, base);
  const clock = { nowMs: 1_000_000_000 };
  const earlierCostsPpm = Array.from({ length: EARLIER_ROOMS }, () => roomLoadPpm(drawRoomSize(random)));
  const now = () => clock.nowMs;
  const strategy = createStrategy(name, { size, now, random, advertAgeMs, earlierCostsPpm, fills });
  const history = new LoadHistory(base, advertAgeMs / BEAT_MS);
  const workload = new TraceWorkload(trace);
  await new World({ cluster, history, strategy, workload, clock, beatMs: BEAT_MS }).run(burstMs);
  for (const [index, joinsMs] of trace.rooms.entries()) {
    const room = cluster.rooms.get(`room-${index}`);
    if (!room) throw new Error(`${name} refused room ${index}`);
    cluster.setPeers(room, joinsMs.length);
  }
  return Math.max(...cluster.loadPpm);
}

/** @returns What each room comes to, ppm, in order of arrival. */
export function finalLoadsPpm({ rooms }: BurstTrace): number[] {
  return rooms.map((joinsMs) => roomLoadPpm(joinsMs.length));
}
