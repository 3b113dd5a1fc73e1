import { gzipSync } from "node:zlib";
import { buildWorker } from "@fairlead/cloudflare";
import { startBackend } from "../../runtimes/backend.ts";
import { bunRuntime } from "../../runtimes/start-bun.ts";
import { denoRuntime } from "../../runtimes/start-deno.ts";
import { nodeRuntime } from "../../runtimes/start-node.ts";
import { workerdRuntime } from "../../runtimes/start-workerd.ts";
import { quantile, rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import { measureRuntime, type RuntimeFigures } from "./measure-runtime.ts";

const DEFAULTS = { coldStarts: 3, warmup: 100, joins: 150, commands: 200, idle: 800 };
const RUNTIMES = [nodeRuntime, workerdRuntime, bunRuntime, denoRuntime];
/** More than the machine has: the registry reserves for every peer what a camera would cost, and these have none. */
const CORES = 12;

/** All clients have one address here. */
const NO_LIMITS = { FAIRLEAD_LIMIT_ADDRESS: "off" };

/** Signaling on each runtime, one after the other, over the same real NATS, Redis and media node. */
export async function runEdgeBench(args: string[]): Promise<Record<string, unknown>> {
  const counts = readCounts(args, DEFAULTS);
  const bundle = await measureBundle();
  const backend = await startBackend({ name: "bench-edge", cores: CORES, env: NO_LIMITS });
  const runtimes: Record<string, ReturnType<typeof report>> = {};
  try {
    for (const runtime of RUNTIMES)
      runtimes[runtime.name] = report(await measureRuntime(backend, runtime, counts));
  } finally {
    await backend.close();
  }
  console.table(runtimes);
  console.log(`Worker: ${bundle.workerBundleKb} KB minified, ${bundle.workerBundleGzipKb} KB gzipped`);
  return { runtimes, ...bundle };
}

function report({ firstRequests, joins, commandsPerSecond, kbPerSocket }: RuntimeFigures) {
  return {
    joinP50Ms: rounded(quantile(joins, 0.5)),
    joinP95Ms: rounded(quantile(joins, 0.95)),
    commandsPerSecond: Math.round(commandsPerSecond),
    kbPerIdleSocket: rounded(kbPerSocket),
    firstRequestMs: rounded(quantile(firstRequests, 0.5)),
  };
}

async function measureBundle() {
  const { text } = await buildWorker();
  const kb = (bytes: Uint8Array) => Math.round(bytes.length / 102.4) / 10;
  const bytes = new TextEncoder().encode(text);
  return { workerBundleKb: kb(bytes), workerBundleGzipKb: kb(gzipSync(bytes)) };
}
