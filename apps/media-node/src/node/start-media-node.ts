import { provideWorker } from "@fairlead/mediasoup-worker";
import { openBus, openRegistry, type Stop } from "@fairlead/server-process";
import { openMetrics } from "@fairlead/server-process/metrics";
import { nodeIdOfHost } from "@fairlead/server-process/node-id-of-host";
import type { Logger } from "@fairlead/telemetry";
import type { Config } from "../config.ts";
import { serveHealth } from "../health/serve-health.ts";
import { createMediaNode, type MediaNode } from "./media-node.ts";

/** A media node of a cluster. Its end is a drain: other nodes take its rooms before it goes. */
export async function startMediaNode(config: Config, processLog: Logger): Promise<Stop> {
  const { drainMs, http, nats, redis, ...options } = config;
  const { nodeId = nodeIdOfHost() } = config;
  const log = processLog.child({ node: nodeId });
  let node: MediaNode | null = null;
  // First of all: what follows may take minutes.
  const { metrics, expose, close: stopMetrics } = await openMetrics("media-node", http !== null);
  const server = http && (await serveHealth(http.host, http.port, () => node?.health ?? null, expose));
  if (server) log.info("http.listening", { url: server.url });
  const { bin } = await provideWorker({ onProgress: (line) => log.info("worker.preparing", { line }) });
  const registry = await openRegistry(redis, log, { metrics });
  const bus = await openBus(nats, { role: "node", name: nodeId, log, metrics });
  const started = await createMediaNode({
    ...options,
    bus,
    registry,
    log: processLog,
    metrics,
    nodeId,
    workerBin: bin,
  });
  node = started;
  const stopKeys = options.ticketKeys.published?.keepFresh();
  return async () => {
    await started.drain({ deadlineMs: drainMs });
    await started.close();
    stopKeys?.();
    await registry.close();
    await bus.close();
    stopMetrics();
    await server?.close();
  };
}
