import { openBus, openRegistry, type Stop } from "@fairlead/server-process";
import { gaugeCapacity } from "@fairlead/server-process/gauge-capacity";
import { openMetrics } from "@fairlead/server-process/metrics";
import { serveOperators } from "@fairlead/server-process/serve-operators";
import { createSignaling, type Signaling } from "@fairlead/signaling";
import type { Logger } from "@fairlead/telemetry";
import type { Config } from "./config.ts";
import type { Serve, SignalingServer } from "./server.ts";

/** A signaling process of a cluster, around the runtime's own server. Its end sends the clients to another one. */
export async function startSignaling(config: Config, log: Logger, serve: Serve): Promise<Stop> {
  const { host, nats, port, redis, shutdownDelayMs, metricsAt, ...options } = config;
  const { metrics, expose, close: stopMetrics } = await openMetrics("signaling", metricsAt !== null);
  const registry = await openRegistry(redis, log, { metrics });
  gaugeCapacity(metrics, registry);
  const bus = await openBus(nats, { role: "signaling", name: "signaling", log, metrics });
  let signaling: Signaling | undefined;
  const server = await serve({
    host,
    port,
    trustedProxies: options.trustedProxies,
    log,
    createApp: (parts) => {
      signaling = createSignaling({ ...options, ...parts, bus, registry, log, metrics });
      return signaling;
    },
  });
  const metricsServer =
    metricsAt &&
    expose &&
    (await serveOperators(metricsAt, (path) => (path === "/metrics" ? expose() : null)));
  if (metricsServer) log.info("metrics.listening", { url: `${metricsServer.url}/metrics` });
  const stopKeys = options.ticketKeys.published?.keepFresh();
  log.info("signaling.listening", { url: server.url, port: server.port });
  return async () => {
    await closeAfter(shutdownDelayMs, () => signaling?.announceShutdown(), server);
    stopKeys?.();
    await registry.close();
    await bus.close();
    stopMetrics();
    await metricsServer?.close();
  };
}

/** Load balancers that ask `/readyz` send no more clients before those that are here are sent away. */
export async function closeAfter(
  delayMs: number,
  announceShutdown: () => void,
  server: Pick<SignalingServer, "close">,
): Promise<void> {
  announceShutdown();
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  await server.close();
}
