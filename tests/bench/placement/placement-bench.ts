import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type RedisServer, startRedis } from "../../support/servers/start-redis.ts";
import { type Child, startChild } from "../processes/ask-child.ts";
import { settleOn } from "../processes/settle-on.ts";
import { quantile, rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import type { NodesTasks } from "./beating-nodes.ts";
import type { Placed, PlacingTasks } from "./place-rooms.ts";
import { beginLatencies, costBetween, readP99, readRedisCost } from "./redis-cost.ts";

const SIZES = [10, 1_000, 10_000];
const CORES = 16;
const CONNECTIONS = 1_000;
const SLICE_MS = 200;
const AT_ONCE = 32;
/** Until all nodes have beaten more than once, and know how often they are to. */
const SETTLE_MS = 10_000;
/** By how much longer a round may take where Redis is overrun. */
const LONGEST = 3;
const DEFAULTS = { rounds: 5, seconds: 4, warmup: 3, perSecond: 200, flood: 5 };

type Counts = typeof DEFAULTS;
/** Of one round; of all rounds of one size the medians. */
type Figures = {
  newP50Ms: number;
  newP99Ms: number;
  joinP50Ms: number;
  joinP99Ms: number;
  inRedisP99Ms: number | null;
  beatsPerSecond: number;
  mostBehind: number;
  errors: number;
  /** Beats that were not sent, as the node's last one was not answered. */
  held: number;
  refused: number;
  cpuShare: number;
  scriptMicros: number;
};
type Measured = Figures & { nodes: number; perSecond: number };

/** Placing rooms while all nodes beat at their real rate, at three sizes of the cluster. */
export async function runPlacementBench(args: string[]): Promise<Record<string, unknown>> {
  const counts = readCounts(args, DEFAULTS);
  const measured: Measured[] = [];
  for (const nodes of SIZES) measured.push(await measureSize(nodes, counts));
  print(measured);
  const of = (read: (figures: Measured) => number | null) =>
    Object.fromEntries(measured.map((figures) => [figures.nodes, roundedOrNull(read(figures))]));
  const ratio = (byNodes: Record<string, number | null>) =>
    roundedOrNull((byNodes[10_000] ?? Number.NaN) / (byNodes[10] ?? Number.NaN));
  const p99Ms = of(({ newP99Ms }) => newP99Ms);
  const p99InRedisMs = of(({ inRedisP99Ms }) => inRedisP99Ms);
  return {
    p50Ms: of(({ newP50Ms }) => newP50Ms),
    p99Ms,
    p99InRedisMs,
    p99Ratio10kOver10: ratio(p99Ms),
    p99InRedisRatio10kOver10: ratio(p99InRedisMs),
    placementsPerSecond: measured.at(-1)?.perSecond,
    refused: of(({ refused }) => refused),
    redisCpuShare: of(({ cpuShare }) => cpuShare),
    microsPerScript: of(({ scriptMicros }) => scriptMicros),
    beatsPerSecond: of(({ beatsPerSecond }) => beatsPerSecond),
  };
}

function roundedOrNull(value: number | null): number | null {
  return value === null || Number.isNaN(value) ? null : rounded(value);
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
    await placing.ask("connect", { port });
    await beating.ask("start", { port, nodes, cores: CORES, connections: Math.min(nodes, CONNECTIONS) });
    await delay(SETTLE_MS);
    await placeFor(counts.warmup, counts, { beating, placing });
    const rounds: Figures[] = [];
    for (let round = 0; round < counts.rounds; round += 1)
      rounds.push(await measureRound(server, counts, { beating, placing }));
    // A small cluster would be full before it is over.
    const floods = nodes === Math.max(...SIZES) ? counts.flood : 0;
    const { perSecond } = await placing.ask("flood", { seconds: floods, atOnce: AT_ONCE });
    return { nodes, ...mediansOf(rounds), perSecond };
  } finally {
    await Promise.all([beating.close(), placing.close()]);
    await server.close();
  }
}

async function measureRound(server: RedisServer, counts: Counts, processes: Processes): Promise<Figures> {
  await processes.beating.ask("count", null);
  await beginLatencies(server);
  const before = await readRedisCost(server);
  const startedMs = performance.now();
  const { newMs, joinMs, refused } = await placeFor(counts.seconds, counts, processes);
  const inRedisP99Ms = await readP99(server);
  const cost = costBetween(before, await readRedisCost(server));
  const { sent, mostBehind, errors, held } = await processes.beating.ask("count", null);
  const beatsPerSecond = Math.round(sent / ((performance.now() - startedMs) / 1_000));
  return {
    newP50Ms: quantile(newMs, 0.5),
    newP99Ms: quantile(newMs, 0.99),
    joinP50Ms: quantile(joinMs, 0.5),
    joinP99Ms: quantile(joinMs, 0.99),
    inRedisP99Ms,
    ...{ beatsPerSecond, mostBehind, errors, held, refused, ...cost },
  };
}

function mediansOf(rounds: readonly Figures[]): Figures {
  const median = (read: (figures: Figures) => number) => quantile(rounds.map(read), 0.5);
  const sum = (read: (figures: Figures) => number) => rounds.reduce((total, round) => total + read(round), 0);
  const inRedis = rounds.flatMap(({ inRedisP99Ms }) => inRedisP99Ms ?? []);
  return {
    newP50Ms: median(({ newP50Ms }) => newP50Ms),
    newP99Ms: median(({ newP99Ms }) => newP99Ms),
    joinP50Ms: median(({ joinP50Ms }) => joinP50Ms),
    joinP99Ms: median(({ joinP99Ms }) => joinP99Ms),
    inRedisP99Ms: inRedis.length > 0 ? quantile(inRedis, 0.5) : null,
    beatsPerSecond: median(({ beatsPerSecond }) => beatsPerSecond),
    mostBehind: Math.max(...rounds.map(({ mostBehind }) => mostBehind)),
    errors: sum(({ errors }) => errors),
    held: sum(({ held }) => held),
    refused: sum(({ refused }) => refused),
    cpuShare: median(({ cpuShare }) => cpuShare),
    scriptMicros: median(({ scriptMicros }) => scriptMicros),
  };
}

type Processes = { beating: Child<NodesTasks>; placing: Child<PlacingTasks> };

/** In slices, after each of which the nodes hear what they are to open. */
async function placeFor(
  seconds: number,
  { perSecond }: Counts,
  { beating, placing }: Processes,
): Promise<Placed> {
  const all: Placed = { newMs: [], joinMs: [], opened: [], refused: 0 };
  const rooms = (perSecond * SLICE_MS) / 1_000;
  const untilMs = performance.now() + LONGEST * seconds * 1_000;
  for (let slice = 0; slice < (seconds * 1_000) / SLICE_MS && performance.now() < untilMs; slice += 1) {
    const placed = await placing.ask("place", { rooms, overMs: SLICE_MS });
    await beating.ask("open", placed.opened);
    all.newMs.push(...placed.newMs);
    all.joinMs.push(...placed.joinMs);
    all.refused += placed.refused;
  }
  return all;
}

function print(measured: readonly Measured[]): void {
  console.log(
    `rooms placed while all nodes beat as often as they are told, ${CORES} cores each; ms, as the caller sees it\n`,
  );
  const heads = ["nodes", "new p50", "new p99", "join p50", "join p99", "in Redis", "beats/s", "behind"];
  console.log([...heads, "Redis CPU", "µs/script"].map((head) => head.padStart(10)).join(""));
  for (const size of measured) {
    const times = [size.newP50Ms, size.newP99Ms, size.joinP50Ms, size.joinP99Ms].map((ms) => ms.toFixed(2));
    const cells = [size.nodes, ...times, size.inRedisP99Ms ?? "-", size.beatsPerSecond, size.mostBehind];
    cells.push(`${(size.cpuShare * 100).toFixed(0)} %`, size.scriptMicros.toFixed(1));
    const { errors, held, refused } = size;
    const failed =
      errors + held + refused > 0 ? `  ${errors} errors, ${held} beats held back, ${refused} refused` : "";
    console.log(cells.map((cell) => `${cell}`.padStart(10)).join("") + failed);
  }
  const most = measured.at(-1);
  console.log(`\n${most?.perSecond} new rooms/s at ${most?.nodes} nodes, ${AT_ONCE} in flight`);
}
