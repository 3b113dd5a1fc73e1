import { Cluster, type ClusterSize } from "./cluster/cluster.ts";
import { drawBase } from "./cluster/draw-base.ts";
import { LoadHistory } from "./cluster/load-history.ts";
import { countByLoad, type LoadDistribution, measureLoads } from "./measure-loads.ts";
import { createRandom } from "./seeded-random.ts";
import { createStrategy } from "./strategies/create-strategy.ts";
import type { StrategyName } from "./strategies/strategy.ts";
import { ChurnWorkload } from "./workload/churn-workload.ts";
import type { Course } from "./workload/course.ts";
import { type Outcome, World } from "./world.ts";

/** Nodes beat so often here, and tell what they measured one beat before: half as often as real ones, for the sake of speed. */
const BEAT_MS = 1_000;
const SAMPLE_MS = 5_000;
/** Load of nodes before any room is placed, %. */
const BASE = { fromPercent: 10, toPercent: 50 };
export const HISTOGRAM_STEP = 0.05;
const BINS = 24;

export type StrategyResult = {
  strategy: StrategyName;
  series: LoadDistribution[];
  /** Shares of the cores by load in steps of `HISTOGRAM_STEP`, at the moment when the fullest hundredth was fullest. */
  histogram: { atS: number; shares: number[] };
  rooms: number;
  outcome: Omit<Outcome, "downMs">;
  /** How long rooms of dead nodes had no core, s. */
  downS: { p50: number; max: number };
  tookS: number;
};

/** One strategy's way through the course. The same seed brings the same rooms, bursts and deaths to each. */
export async function simulateStrategy(
  name: StrategyName,
  size: ClusterSize,
  course: Course,
  seed: number,
): Promise<StrategyResult> {
  const startedMs = performance.now();
  const { world, cluster } = createWorld(name, size, course, seed);
  const series: LoadDistribution[] = [];
  let histogram = { atS: 0, shares: countByLoad(cluster, HISTOGRAM_STEP, BINS) };
  let worst = 0;
  for (let atMs = SAMPLE_MS; atMs <= course.durationMs; atMs += SAMPLE_MS) {
    await world.run(atMs);
    const loads = measureLoads(cluster, atMs / 1_000);
    series.push(loads);
    if (loads.p99 <= worst) continue;
    worst = loads.p99;
    histogram = { atS: loads.atS, shares: countByLoad(cluster, HISTOGRAM_STEP, BINS) };
  }
  const { downMs, ...outcome } = world.outcome;
  const tookS = (performance.now() - startedMs) / 1_000;
  return {
    strategy: name,
    series,
    histogram,
    rooms: cluster.rooms.size,
    outcome,
    downS: downOf(downMs),
    tookS,
  };
}

function createWorld(name: StrategyName, size: ClusterSize, course: Course, seed: number) {
  const base = drawBase({ ...size, ...BASE }, seed);
  const cluster = new Cluster(size, base);
  const clock = { nowMs: 1_000_000_000 };
  const random = createRandom(seed + 1);
  const strategy = createStrategy(name, { size, now: () => clock.nowMs, random, advertAgeMs: BEAT_MS });
  const workload = new ChurnWorkload({ ...course, nodes: size.nodes, random: createRandom(seed) });
  const history = new LoadHistory(base, 1);
  const world = new World({ cluster, history, strategy, workload, clock, beatMs: BEAT_MS });
  return { world, cluster };
}

function downOf(downMs: readonly number[]): StrategyResult["downS"] {
  const downS = downMs.map((ms) => ms / 1_000).sort((a, b) => a - b);
  return { p50: downS[downS.length >> 1] ?? 0, max: downS.at(-1) ?? 0 };
}
