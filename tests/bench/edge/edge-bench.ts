import { gzipSync } from "node:zlib";
import { buildWorker } from "@fairlead/cloudflare";
import { type Backend, startBackend } from "../../runtimes/backend.ts";
import { bunRuntime } from "../../runtimes/start-bun.ts";
import { denoRuntime } from "../../runtimes/start-deno.ts";
import { nodeRuntime } from "../../runtimes/start-node.ts";
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
  const backend = await startBackend({ name: "bench-edge", cores: CORES, env: NO_LIMITS });
  const runtimes = await measure(backend, counts).finally(() => backend.close());
  console.table(runtimes);
  console.log(`Worker: ${bundle.workerBundleKb} KB minified, ${bundle.workerBundleGzipKb} KB gzipped`);
  return { runtimes, ...bundle };
}

async function measure(backend: Backend, counts: typeof DEFAULTS): Promise<Record<string, RuntimeFigures>> {
  const subjects = [];
  for (const runtime of RUNTIMES) subjects.push(await startWarm(backend, runtime, counts.warmup));
  const joins = await measureJoins(backend, subjects, counts.joins);
  const commands = await measureCommands(backend, subjects, counts.commands);
  await Promise.all(subjects.map(({ instance }) => instance.close()));
  const firstRequests = await measureColdStarts(backend, RUNTIMES, counts.coldStarts);
  const figures: Record<string, RuntimeFigures> = {};
  for (const runtime of RUNTIMES) {
    const { name } = runtime;
    figures[name] = {
      joinP50Ms: rounded(quantile(joins[name] ?? [], 0.5)),
      joinP95Ms: rounded(quantile(joins[name] ?? [], 0.95)),
      commandsPerSecond: Math.round(commands[name] ?? Number.NaN),
      kbPerIdleSocket: rounded(await measureIdle(backend, runtime, counts.idle)),
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
