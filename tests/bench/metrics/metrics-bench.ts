import { setTimeout as delay } from "node:timers/promises";
import { randomId } from "@fairlead/protocol";
import { type ProcessCluster, startProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import { ProtocolClient } from "../../support/protocol-client.ts";
import { rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import { cpuMsOf } from "../signaling/process-cost.ts";
import { openForwarding } from "./forwarding.ts";

const DEFAULTS = { turns: 16, joins: 100, seconds: 4 };
const AT_ONCE = 10;
const ROOMS = 20;
/** The sample of deploy/prometheus. */
const SCRAPE_EVERY_MS = 15_000;
/** To see what one costs, after the joins. */
const SCRAPES = 20;
/** More than the machine has: the registry reserves for every peer what a camera would cost, and these have none. */
const CORES = 4;
const ENV = {
  FAIRLEAD_LIMIT_ADDRESS: "1000000/60",
  FAIRLEAD_LIMIT_ROOM: "1000000/60",
  FAIRLEAD_TRUSTED_PROXIES: "1",
  FAIRLEAD_RTP_IP: "127.0.0.1",
  FAIRLEAD_RTP_NETWORKS: "127.0.0.0/8",
};

type Ways = { off: ProcessCluster; on: ProcessCluster };
type Costs = Record<keyof Ways, number>;

/** The same cluster twice, without metrics and scraped: CPU of a join and its leave, and of a forwarded packet, in turns. */
export async function runMetricsBench(args: string[]): Promise<Record<string, unknown>> {
  const counts = readCounts(args, DEFAULTS);
  const start = (hasMetrics: boolean) =>
    startProcessCluster({
      ...{ name: `bench-metrics-${hasMetrics ? "on" : "off"}`, signaling: 1, nodes: 1 },
      ...{ cores: CORES, env: ENV, hasMetrics },
    });
  const off = await start(false);
  const on = await start(true);
  try {
    const joins = await inTurns(counts.turns, { off, on }, (cluster) => joinAndLeave(cluster, counts.joins));
    const beforeMs = await cpuOf(on);
    for (let index = 0; index < SCRAPES; index += 1) await scrape(on);
    const scrapeCpuMs = rounded(((await cpuOf(on)) - beforeMs) / SCRAPES);
    const forwarding = { off: await openForwarding(off), on: await openForwarding(on) };
    const forward = async (cluster: ProcessCluster, way: keyof Ways) => {
      const sent = await forwarding[way].during(() => delay(counts.seconds * 1_000));
      if (sent === 0) throw new Error(`${cluster.url} forwarded nothing`);
      return sent;
    };
    const packets = await inTurns(counts.turns, { off, on }, forward);
    for (const each of Object.values(forwarding)) each.close();
    return {
      bench: "metrics",
      scrapeCpuMs,
      ...report("join", joins, 1),
      ...report("packet", packets, 1_000),
    };
  } finally {
    await on.close();
    await off.close();
  }
}

/**
 * Each way goes first as often as the other. The first two turns warm up. What has metrics is scraped as often as Prometheus would while it
 * works.
 * @param act @returns How much it did.
 * @returns CPU of all processes of the cluster, ms, for each that was done.
 */
async function inTurns(
  turns: number,
  clusters: Ways,
  act: (cluster: ProcessCluster, way: keyof Ways) => Promise<number>,
): Promise<Costs> {
  const sums = { off: { cpuMs: 0, done: 0 }, on: { cpuMs: 0, done: 0 } };
  let sinceScrapeMs = 0;
  for (let turn = -2; turn < turns; turn += 1) {
    const order: (keyof Ways)[] = turn % 2 === 0 ? ["off", "on"] : ["on", "off"];
    for (const way of order) {
      const cluster = clusters[way];
      const [before, beganMs] = [await cpuOf(cluster), performance.now()];
      const done = await act(cluster, way);
      if (way === "on") sinceScrapeMs += performance.now() - beganMs;
      if (sinceScrapeMs > SCRAPE_EVERY_MS) {
        await scrape(cluster);
        sinceScrapeMs = 0;
      }
      if (turn < 0) continue;
      sums[way].cpuMs += (await cpuOf(cluster)) - before;
      sums[way].done += done;
    }
  }
  return { off: sums.off.cpuMs / sums.off.done, on: sums.on.cpuMs / sums.on.done };
}

/** @returns How many. */
async function joinAndLeave(cluster: ProcessCluster, count: number): Promise<number> {
  const rooms = Array.from({ length: ROOMS }, (_, index) => `bench-${index}`);
  for (let done = 0; done < count; done += AT_ONCE) {
    const tickets = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) =>
        // Each a person of its own: one that comes again and again is refused.
        cluster.ticket(rooms[(done + index) % ROOMS] ?? "", `peer-${randomId()}`),
      ),
    );
    const clients = await Promise.all(tickets.map((ticket) => ProtocolClient.join(cluster.url, { ticket })));
    await Promise.all(clients.map((client) => client.leave()));
  }
  return count;
}

async function scrape({ signalings, nodes }: ProcessCluster): Promise<void> {
  for (const { metricsAt } of [...signalings, ...nodes])
    if (metricsAt !== null) await (await fetch(`http://${metricsAt}/metrics`)).text();
}

async function cpuOf({ signalings, nodes }: ProcessCluster): Promise<number> {
  const pids = [...signalings, ...nodes].map((each) => each.pid() ?? 0);
  const workers = nodes.flatMap((node) => node.workerPids());
  const costs = await Promise.all([...pids, ...workers].map(cpuMsOf));
  return costs.reduce((sum, cost) => sum + cost, 0);
}

function report(what: string, { off, on }: Costs, scale: number): Record<string, number> {
  const unit = scale === 1 ? "Ms" : "Us";
  const figures = {
    [`${what}Cpu${unit}Off`]: rounded(off * scale),
    [`${what}Cpu${unit}On`]: rounded(on * scale),
    [`${what}OnOverOff`]: rounded(on / off),
  };
  console.table(figures);
  return figures;
}
