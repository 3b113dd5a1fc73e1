import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startRedis } from "../../support/servers/start-redis.ts";
import { type Child, startChild } from "../processes/ask-child.ts";
import { settleOn } from "../processes/settle-on.ts";
import { quantile, rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import type { NodesTasks } from "./beating-nodes.ts";
import type { Placed, PlacingTasks } from "./place-rooms.ts";
import { costBetween, readRedisCost } from "./redis-cost.ts";

const SIZES = [10, 1_000, 10_000];
const CORES = 16;
const CONNECTIONS = 1_000;
const SLICE_MS = 200;
const AT_ONCE = 32;
/** Until all nodes have beaten more than once. */
const SETTLE_MS = 8_000;
const DEFAULTS = { seconds: 20, warmup: 3, perSecond: 200, flood: 5 };

type Counts = typeof DEFAULTS;
type Measured = {
  nodes: number;
  placed: Placed;
  beatsPerSecond: number;
  mostBehind: number;
  errors: number;
  cpuShare: number;
  scriptMicros: number;
  perSecond: number;
};

/** Placing rooms while all nodes beat at their real rate, at three sizes of the cluster. */
export async function runPlacementBench(args: string[]): Promise<Record<string, unknown>> {
  const counts = readCounts(args, DEFAULTS);
  const measured: Measured[] = [];
  for (const nodes of SIZES) measured.push(await measureSize(nodes, counts));
  print(measured);
  const of = (share: number) =>
    Object.fromEntries(measured.map(({ nodes, placed }) => [nodes, rounded(quantile(placed.newMs, share))]));
  const p99Ms = of(0.99);
  return {
    p50Ms: of(0.5),
    p99Ms,
    p99Ratio10kOver10: rounded((p99Ms[10_000] ?? Number.NaN) / (p99Ms[10] ?? Number.NaN)),
    placementsPerSecond: measured.at(-1)?.perSecond,
    redisCpuShare: Object.fromEntries(measured.map(({ nodes, cpuShare }) => [nodes, rounded(cpuShare)])),
    microsPerScript: Object.fromEntries(
      measured.map(({ nodes, scriptMicros }) => [nodes, rounded(scriptMicros)]),
    ),
    beatsPerSecond: Object.fromEntries(measured.map(({ nodes, beatsPerSecond }) => [nodes, beatsPerSecond])),
  };
}

async function measureSize(nodes: number, counts: Counts): Promise<Measured> {
  const server = await startRedis();
  const beating = startChild<NodesTasks>(join(import.meta.dirname, "beating-nodes.ts"));
  const placing = startChild<PlacingTasks>(join(import.meta.dirname, "place-rooms.ts"));
  // Redis has a core of its own, as it would have in a cluster of this size; the one that measures is not kept waiting by the
  // load that it shares its core with: what it waits for that is not Redis's time.
  settleOn(server.pid(), { core: 0, priority: 10 });
  settleOn(beating.pid, { core: 1, priority: 10 });
  settleOn(placing.pid, { core: 1, priority: 20 });
  try {
    const { port } = server;
    await beating.ask("start", { port, nodes, cores: CORES, connections: Math.min(nodes, CONNECTIONS) });
    await delay(SETTLE_MS);
    await placing.ask("connect", { port });
    await placeFor(counts.warmup, counts, { beating, placing });
    await beating.ask("count", null);
    const before = await readRedisCost(server);
    const startedMs = performance.now();
    const placed = await placeFor(counts.seconds, counts, { beating, placing });
    const cost = costBetween(before, await readRedisCost(server));
    const { sent, mostBehind, errors } = await beating.ask("count", null);
    const beatsPerSecond = Math.round(sent / ((performance.now() - startedMs) / 1_000));
    // A small cluster would be full before it is over.
    const floods = nodes === Math.max(...SIZES) ? counts.flood : 0;
    const { perSecond } = await placing.ask("flood", { seconds: floods, atOnce: AT_ONCE });
    return { nodes, placed, beatsPerSecond, mostBehind, errors, ...cost, perSecond };
  } finally {
    await Promise.all([beating.close(), placing.close()]);
    await server.close();
  }
}

type Processes = { beating: Child<NodesTasks>; placing: Child<PlacingTasks> };

/** In slices, after each of which the nodes hear what they are to open. */
async function placeFor(
  seconds: number,
  { perSecond }: Counts,
  { beating, placing }: Processes,
): Promise<Placed> {
  const all: Placed = { newMs: [], joinMs: [], opened: [] };
  const rooms = (perSecond * SLICE_MS) / 1_000;
  for (let slice = 0; slice < (seconds * 1_000) / SLICE_MS; slice += 1) {
    const placed = await placing.ask("place", { rooms, overMs: SLICE_MS });
    await beating.ask("open", placed.opened);
    all.newMs.push(...placed.newMs);
    all.joinMs.push(...placed.joinMs);
  }
  return all;
}

function print(measured: readonly Measured[]): void {
  console.log(
    `rooms placed while all nodes beat twice a second, ${CORES} cores each; ms, as the caller sees it\n`,
  );
  const heads = [
    "nodes",
    "new p50",
    "new p99",
    "join p50",
    "join p99",
    "beats/s",
    "behind",
    "Redis CPU",
    "µs/script",
  ];
  console.log(heads.map((head) => head.padStart(10)).join(""));
  for (const { nodes, placed, beatsPerSecond, mostBehind, errors, cpuShare, scriptMicros } of measured) {
    const times = [placed.newMs, placed.joinMs].flatMap((ms) => [quantile(ms, 0.5), quantile(ms, 0.99)]);
    const cells = [nodes, ...times.map((ms) => ms.toFixed(2)), beatsPerSecond, mostBehind];
    cells.push(`${(cpuShare * 100).toFixed(0)} %`, scriptMicros.toFixed(1));
    console.log(
      cells.map((cell) => `${cell}`.padStart(10)).join("") + (errors > 0 ? `  ${errors} errors` : ""),
    );
  }
  const most = measured.at(-1);
  console.log(`\n${most?.perSecond} new rooms/s at ${most?.nodes} nodes, ${AT_ONCE} in flight`);
}
