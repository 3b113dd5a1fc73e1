import { gzipSync } from "node:zlib";
import { buildWorker } from "@fairlead/cloudflare";
import { bunRuntime } from "../../runtimes/start-bun.ts";
import { denoRuntime } from "../../runtimes/start-deno.ts";
import { nodeRuntime } from "../../runtimes/start-node.ts";
import { type RuntimeCluster, startRuntimeCluster } from "../../runtimes/start-runtime-cluster.ts";
import { workerdRuntime } from "../../runtimes/start-workerd.ts";
import { quantile, rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import {
  measureColdStarts,
  measureCommands,
  measureIdle,
  measureJoins,
  startWarm,
} from "./measure-runtimes.ts";

const DEFAULTS = { coldStarts: 3, warmup: 100, joins: 150, commands: 200, idle: 800 };
const RUNTIMES = [nodeRuntime, workerdRuntime, bunRuntime, denoRuntime];
/** More than the machine has: the registry reserves for every peer what a camera would cost, and these have none. */
const CORES = 12;
/** All clients have one address here. */
const NO_LIMITS = { FAIRLEAD_LIMIT_ADDRESS: "off" };

type RuntimeFigures = {
  joinP50Ms: number;
  joinP95Ms: number;
  commandsPerSecond: number;
  kbPerIdleSocket: number;
  firstRequestMs: number;
};

/** Signaling on each runtime, over the same real NATS, Redis and media node. */
export async function runEdgeBench(args: string[]): Promise<Record<string, unknown>> {
  const counts = readCounts(args, DEFAULTS);
  const bundle = await measureBundle();
  const cluster = await startRuntimeCluster({ name: "bench-edge", cores: CORES, env: NO_LIMITS });
  const runtimes = await measure(cluster, counts).finally(() => cluster.close());
  console.table(runtimes);
  console.log(`Worker: ${bundle.workerBundleKb} KB minified, ${bundle.workerBundleGzipKb} KB gzipped`);
  return { runtimes, ...bundle };
}

async function measure(
  cluster: RuntimeCluster,
  counts: typeof DEFAULTS,
): Promise<Record<string, RuntimeFigures>> {
  const subjects = [];
  for (const runtime of RUNTIMES) subjects.push(await startWarm(cluster, runtime, counts.warmup));
  const joins = await measureJoins(cluster, subjects, counts.joins);
  const commands = await measureCommands(cluster, subjects, counts.commands);
  await Promise.all(subjects.map(({ instance }) => instance.close()));
  const firstRequests = await measureColdStarts(cluster, RUNTIMES, counts.coldStarts);
  const figures: Record<string, RuntimeFigures> = {};
  for (const runtime of RUNTIMES) {
    const { name } = runtime;
    figures[name] = {
      joinP50Ms: rounded(quantile(joins[name] ?? [], 0.5)),
      joinP95Ms: rounded(quantile(joins[name] ?? [], 0.95)),
      commandsPerSecond: Math.round(commands[name] ?? Number.NaN),
      kbPerIdleSocket: rounded(await measureIdle(cluster, runtime, counts.idle)),
      firstRequestMs: rounded(quantile(firstRequests[name] ?? [], 0.5)),
    };
  }
  return figures;
}

async function measureBundle() {
  const { text } = await buildWorker();
  const kb = (bytes: Uint8Array) => Math.round(bytes.length / 102.4) / 10;
  const bytes = new TextEncoder().encode(text);
  return { workerBundleKb: kb(bytes), workerBundleGzipKb: kb(gzipSync(bytes)) };
}
