import { describe, expect, it } from "vitest";
import { Cluster } from "./cluster/cluster.ts";
import { drawBase } from "./cluster/draw-base.ts";
import { LoadHistory } from "./cluster/load-history.ts";
import { roomLoadPpm } from "./cluster/room-load.ts";
import { createRandom } from "./seeded-random.ts";
import { createStrategy, STRATEGY_NAMES } from "./strategies/create-strategy.ts";
import type { StrategyName } from "./strategies/strategy.ts";
import { ChurnWorkload } from "./workload/churn-workload.ts";
import { World } from "./world.ts";

const SIZE = { nodes: 6, coresPerNode: 4 };
const LAST_DEATH_MS = 40_000;

/** Rooms by the hundred, a burst of them, and some nodes that die, several at once. */
function createWorld(name: StrategyName, seed = 1) {
  const base = drawBase({ ...SIZE, fromPercent: 10, toPercent: 30 }, seed);
  const cluster = new Cluster(SIZE, base);
  const clock = { nowMs: 1_000_000_000 };
  const random = createRandom(seed + 1);
  const strategy = createStrategy(name, { size: SIZE, now: () => clock.nowMs, random, advertAgeMs: 1_000 });
  const workload = new ChurnWorkload({
    nodes: SIZE.nodes,
    roomsPerSecond: 2,
    bursts: [{ fromMs: 20_000, toMs: 30_000, factor: 4 }],
    deaths: [
      { atMs: 15_050, nodes: 3 },
      { atMs: LAST_DEATH_MS, nodes: 3 },
    ],
    random: createRandom(seed),
  });
  const history = new LoadHistory(base, 1);
  const world = new World({ cluster, history, strategy, workload, clock, beatMs: 1_000 });
  return { world, cluster };
}

/** A core's load, counted without anybody else's books. */
function sumOfRooms(cluster: Cluster, core: number): number {
  const rooms = [...cluster.rooms.values()].filter((room) => room.core === core);
  return rooms.reduce((sum, { peers }) => sum + roomLoadPpm(peers), 0);
}

const cores = Array.from({ length: SIZE.nodes * SIZE.coresPerNode }, (_, core) => core);

describe.each(STRATEGY_NAMES)("a small cluster under %s", (name) => {
  it("each room is on one core or none, a core's load is the sum of its rooms, and dead nodes have neither", async () => {
    const { world, cluster } = createWorld(name);
    for (let atMs = 2_500; atMs <= 130_000; atMs += 2_500) {
      await world.run(atMs);
      const onCores = cores.flatMap((core) => [...cluster.roomsOn(core)].map((room) => ({ room, core })));
      expect(onCores.every(({ room, core }) => room.core === core)).toBe(true);
      expect(new Set(onCores.map(({ room }) => room)).size).toBe(onCores.length);
      const served = [...cluster.rooms.values()].filter((room) => room.core !== null);
      expect(onCores.length).toBe(served.length);
      const expected = cores.map((core) =>
        cluster.isServed(core) ? cluster.baseOf(core) + sumOfRooms(cluster, core) : 0,
      );
      expect([...cluster.loadPpm]).toEqual(expected);
      expect(cores.filter((core) => !cluster.isServed(core) && cluster.roomsOn(core).size > 0)).toEqual([]);
    }
    expect(world.outcome.orphaned).toBeGreaterThan(0);
  });

  it("ten seconds after the last death each room has a core again", async () => {
    const { world, cluster } = createWorld(name);
    await world.run(LAST_DEATH_MS + 10_000);
    expect([...cluster.rooms.values()].filter((room) => room.core === null)).toEqual([]);
    const { orphaned, replaced, downMs } = world.outcome;
    expect(downMs.length).toBe(replaced);
    expect(replaced).toBeGreaterThan(0);
    expect(replaced).toBeLessThanOrEqual(orphaned);
    // With a hint a node counts as dead 1.2 s after its last beat, which was up to 1 s before its death.
    expect(Math.min(...downMs)).toBeGreaterThan(200);
  });

  it("the same seed gives the same loads, another seed others", async () => {
    const run = async (seed: number) => {
      const { world, cluster } = createWorld(name, seed);
      await world.run(60_000);
      return { loads: [...cluster.loadPpm], outcome: world.outcome };
    };
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect((await run(2)).loads).not.toEqual(first.loads);
  });
});

describe("the workload", () => {
  it("is the same for every strategy", async () => {
    const joins = STRATEGY_NAMES.map(async (name) => {
      const { world } = createWorld(name);
      await world.run(60_000);
      return world.outcome.joins + world.outcome.refused;
    });
    expect(new Set(await Promise.all(joins)).size).toBe(1);
  });
});
