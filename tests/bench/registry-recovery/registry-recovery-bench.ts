import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startNats } from "../../support/servers/start-nats.ts";
import { type RedisServer, startRedis } from "../../support/servers/start-redis.ts";
import { type Child, startChild } from "../processes/ask-child.ts";
import { settleOn } from "../processes/settle-on.ts";
import { rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import type { BeatingNodesTasks } from "./beating-nodes.ts";
import type { Join, JoiningTasks } from "./joining.ts";
import { openRedisView, type RedisView } from "./redis-view.ts";
import { secondsToJoin } from "./seconds-to-join.ts";

const NODES = 40;
const LEASES_OF_A_NODE = [250, 2_500, 6_000];
/** Processes that the nodes share. */
const PROCESSES = 4;
const DEFAULTS = { stall: 3, perSecond: 100, watch: 60, largest: 6_000 };
/** So long joins must succeed before the registry counts as back. */
const GOOD_FOR_MS = 3_000;
const SLICE_MS = 200;
const SEEDED_WITHIN_MS = 180_000;
/** Until every node has beaten a few times more, with the product's time-outs. */
const SETTLE_MS = 5_000;

type Counts = typeof DEFAULTS;
type Cluster = {
  redis: RedisServer;
  view: RedisView;
  nodes: Child<BeatingNodesTasks>[];
  joining: Child<JoiningTasks>;
};
type Measured = { leases: number; before: number; seconds: number | null; longestMs: number; why: string };

/** Stalls Redis under a cluster that holds more and more leases, and waits for joins to succeed again. */
export async function runRegistryRecoveryBench(args: string[]): Promise<Record<string, unknown>> {
  const counts = readCounts(args, DEFAULTS);
  const measured: Measured[] = [];
  for (const leases of LEASES_OF_A_NODE.filter((count) => count <= counts.largest))
    measured.push(await measure(leases, counts));
  print(measured, counts);
  // What was not seen within the time counts as that time: it is more.
  const seconds = measured.map((one) => [one.leases, rounded(one.seconds ?? counts.watch)]);
  return {
    secondsToJoin: Object.fromEntries(seconds),
    longestCallMs: rounded(Math.max(...measured.map(({ longestMs }) => longestMs))),
  };
}

async function measure(leases: number, counts: Counts): Promise<Measured> {
  const [redis, nats] = await Promise.all([startRedis(), startNats()]);
  const nodes = Array.from({ length: PROCESSES }, () =>
    startChild<BeatingNodesTasks>(join(import.meta.dirname, "beating-nodes.ts")),
  );
  const joining = startChild<JoiningTasks>(join(import.meta.dirname, "joining.ts"));
  const view = await openRedisView(redis.url);
  // Redis has a core of its own, as it has in a cluster of this size, and the process that measures is not kept waiting.
  settleOn(redis.pid(), { core: 0, priority: 10 });
  settleOn(joining.pid, { core: 1, priority: 20 });
  try {
    const cluster = { redis, view, nodes, joining };
    const server = { natsUrl: nats.tcpUrl, user: nats.users.node, redisUrl: redis.url };
    await seed(cluster, { ...server, nodes: NODES / PROCESSES, leases });
    const input = { redisUrl: redis.url, nodes: NODES, leases, perSecond: counts.perSecond };
    await joining.ask("start", input);
    const calm = await joinFor(cluster, GOOD_FOR_MS);
    await view.begin();
    const stall = await stallRedis(cluster, counts.stall * 1_000);
    const { seconds, joins } = await watch(cluster, stall.untilMs, counts.watch * 1_000);
    const [before, why] = [shareOf(calm), refusalsOf(joins.filter(({ atMs }) => atMs >= stall.untilMs))];
    return { leases: NODES * leases, before, seconds, longestMs: await view.longestMs(stall), why };
  } finally {
    view.close();
    await Promise.all([...nodes, joining].map((child) => child.close()));
    await Promise.all([redis.close(), nats.close()]);
  }
}

type Seed = Omit<BeatingNodesTasks["start"]["input"], "first">;

/** Resolves when the registry knows all leases, and the nodes have beaten some times since. */
async function seed({ view, nodes }: Cluster, options: Seed): Promise<void> {
  await Promise.all(
    nodes.map((child, index) => child.ask("start", { ...options, first: index * options.nodes })),
  );
  const deadlineMs = Date.now() + SEEDED_WITHIN_MS;
  while ((await view.keys()) < NODES * options.leases) {
    if (Date.now() > deadlineMs) throw new Error("the registry does not know all leases");
    await delay(SLICE_MS);
  }
  await Promise.all(nodes.map((child) => child.ask("loseThePatience", null)));
  await delay(SETTLE_MS);
}

/** Lets joins go on; nodes open the rooms that they are given meanwhile. */
async function joinFor({ joining, nodes }: Cluster, ms: number): Promise<Join[]> {
  const joins: Join[] = [];
  for (const untilMs = Date.now() + ms; Date.now() < untilMs; ) {
    await delay(SLICE_MS);
    const taken = await joining.ask("take", null);
    joins.push(...taken);
    const opened = taken.flatMap((one) => one.opened ?? []);
    await Promise.all(nodes.map((child) => child.ask("open", opened)));
  }
  return joins;
}

async function stallRedis(cluster: Cluster, ms: number) {
  await cluster.redis.signal("SIGSTOP");
  const fromMs = Date.now();
  await joinFor(cluster, ms);
  await cluster.redis.signal("SIGCONT");
  return { fromMs, untilMs: Date.now() };
}

async function watch(cluster: Cluster, sinceMs: number, watchMs: number) {
  const joins: Join[] = [];
  let seconds: number | null = null;
  while (seconds === null && Date.now() < sinceMs + watchMs) {
    joins.push(...(await joinFor(cluster, SLICE_MS)));
    joins.sort((a, b) => a.atMs - b.atMs);
    seconds = secondsToJoin(joins, sinceMs, GOOD_FOR_MS);
  }
  return { seconds, joins };
}

function shareOf(joins: readonly Join[]): number {
  return joins.filter(({ refusal }) => refusal === null).length / joins.length;
}

/** e.g. `registry_unreachable 120, no_capacity 3`. */
function refusalsOf(joins: readonly Join[]): string {
  const refused = joins.flatMap(({ refusal }) => refusal ?? []);
  const counts = Map.groupBy(refused, (code) => code);
  return [...counts].map(([code, all]) => `${code} ${all.length}`).join(", ") || "none";
}

function print(measured: readonly Measured[], { stall, watch: watchS }: Counts): void {
  console.log(`${NODES} nodes, Redis stalled for ${stall} s\n`);
  for (const { leases, before, seconds, longestMs, why } of measured) {
    const back = seconds === null ? `not within ${watchS} s` : `after ${rounded(seconds)} s`;
    console.log(
      `${leases} leases: ${rounded(before * 100)} % of joins succeeded before the stall; 99 % again ${back}; ` +
        `longest script ${rounded(longestMs)} ms; refusals since the stall's end: ${why}`,
    );
  }
}
