import { openBus, openRegistry, type Stop } from "@fairlead/server-process";
import { createSignaling } from "@fairlead/signaling";
import type { Logger } from "@fairlead/telemetry";
import type { Config } from "./config.ts";
import type { Serve } from "./server.ts";

/** A signaling process of a cluster, around the runtime's own server. Its end sends the clients to another one. */
export async function startSignaling(config: Config, log: Logger, serve: Serve): Promise<Stop> {
  const { host, nats, port, redis, ...options } = config;
  const registry = await openRegistry(redis, log);
  const bus = await openBus(nats, { role: "signaling", name: "signaling", log });
  const server = await serve({
    ...{ host, port, trustedProxies: options.trustedProxies, log },
    createApp: (parts) => createSignaling({ ...options, ...parts, bus, registry, log }),
  });
  const stopKeys = options.ticketKeys.published?.keepFresh();
  log.info("signaling.listening", { url: server.url, port: server.port });
  return async () => {
    await server.close();
    stopKeys?.();
    await registry.close();
    await bus.close();
  };
}
