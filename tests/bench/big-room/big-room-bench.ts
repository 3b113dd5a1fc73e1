import { join } from "node:path";
import { startChild } from "../processes/ask-child.ts";
import { rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import type { CrowdTasks } from "./crowd.ts";
import { type Cost, Measured } from "./measure-joins.ts";
import { openCluster, openMinimal, openStandalone, type RoomServer } from "./room-server.ts";

const DEFAULTS = { joins: 60, burst: 100, cold: 100, warmup: 400, largest: 1_000, cluster: 0 };
const SIZES = [0, 1, 60, 100, 240, 1_000];
const WARM = "warm-up";

type Counts = typeof DEFAULTS;
type Costs = { cold: Cost; single: Map<number, Cost>; burst: Map<number, Cost> };

/** CPU of the server for one more peer, by the size of the room, beside a minimal server. */
export async function runBigRoomBench(args: string[]): Promise<Record<string, unknown>> {
  const counts = readCounts(args, DEFAULTS);
  const sizes = SIZES.filter((size) => size <= counts.largest);
  const open = counts.cluster > 0 ? openCluster : openStandalone;
  const ours = await measure(open, counts, sizes);
  const minimal = await measure(openMinimal, counts, [100]);
  print(ours, minimal);
  const over = (costs: Map<number, Cost>, size: number) => rounded(allOf(costs, size) / allOf(costs, 0));
  return {
    single240: over(ours.single, 240),
    burst240: over(ours.burst, 240),
    burst1000: over(ours.burst, 1_000),
    single100OverMinimal: rounded(allOf(ours.single, 100) / allOf(minimal.single, 100)),
    coldCpuMsPerJoinOverMinimal: rounded(ours.cold.all / minimal.cold.all),
    coldCpuMsPerJoin: rounded(ours.cold.all),
    server: counts.cluster > 0 ? "cluster" : "standalone",
  };
}

async function measure(
  open: () => Promise<RoomServer>,
  counts: Counts,
  sizes: readonly number[],
): Promise<Costs> {
  const server = await open();
  const measured = new Measured(server, startChild<CrowdTasks>(join(import.meta.dirname, "crowd.ts")));
  try {
    const cold = await measured.coldCost({ room: WARM, count: counts.cold, isAtOnce: false });
    await measured.grow(WARM, counts.warmup - counts.cold);
    await measured.leave(counts.warmup);
    const costs: Costs = { cold, single: new Map(), burst: new Map() };
    for (const size of sizes) {
      await measureSize(measured, counts, size, costs);
      // The last and largest room just ends: each of its peers would hear of each that leaves.
      if (size !== sizes.at(-1)) await measured.leave(counts.burst + size);
    }
    return costs;
  } finally {
    await measured.close();
  }
}

async function measureSize(measured: Measured, counts: Counts, size: number, costs: Costs): Promise<void> {
  const room = `of-${size}`;
  await measured.enlarge(room);
  // A room that was opened before: opening one is no part of a join into it.
  await measured.grow(room, Math.max(size, 1));
  if (size === 0) await measured.leave(1);
  const { joins, burst } = counts;
  costs.single.set(size, await measured.cost({ room, count: joins, isAtOnce: false }));
  await measured.leave(joins);
  costs.burst.set(size, await measured.cost({ room, count: burst, isAtOnce: true }));
}

function allOf(costs: Map<number, Cost>, size: number): number {
  return costs.get(size)?.all ?? Number.NaN;
}

function print(ours: Costs, minimal: Costs): void {
  const rows = (name: string, { cold, single, burst }: Costs) => [
    [`${name}, the first joins of a fresh server`, cold] as const,
    ...[...single].map(([size, cost]) => [`${name}, alone into a room of ${size}`, cost] as const),
    ...[...burst].map(([size, cost]) => [`${name}, with 99 others into a room of ${size}`, cost] as const),
  ];
  const table = [...rows("Fairlead", ours), ...rows("minimal", minimal)].map(([label, cost]) => [
    label,
    Object.fromEntries(Object.entries(cost).map(([part, ms]) => [part, rounded(ms)])),
  ]);
  console.log("CPU per join, ms:");
  console.table(Object.fromEntries(table));
}
