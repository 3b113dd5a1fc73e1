import { provideWorker } from "@fairlead/mediasoup-worker";
import { openBus, openRegistry, type Stop } from "@fairlead/server-process";
import type { Logger } from "@fairlead/telemetry";
import type { Config } from "../config.ts";
import { createMediaNode } from "./media-node.ts";

/** A media node of a cluster. Its end is a drain: other nodes take its rooms before it goes. */
export async function startMediaNode(config: Config, log: Logger): Promise<Stop> {
  const { announcedAddress, drainMs, nats, nodeId, redis, ...options } = config;
  const { bin } = await provideWorker({ onProgress: (line) => log.info("worker.preparing", { line }) });
  const registry = await openRegistry(redis, log);
  const bus = await openBus(nats, { role: "node", name: nodeId ?? "node", log });
  const listenAddresses = announcedAddress ? [{ ip: "0.0.0.0", announcedAddress }] : undefined;
  const node = await createMediaNode({
    ...options,
    ...{ bus, registry, log, nodeId, listenAddresses, workerBin: bin },
  });
  const stopKeys = options.ticketKeys.published?.keepFresh();
  return async () => {
    await node.drain({ deadlineMs: drainMs });
    await node.close();
    stopKeys?.();
    await registry.close();
    await bus.close();
  };
}
