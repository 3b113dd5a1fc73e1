import type { Bus } from "@fairlead/bus";
import { connectNatsWebSocketBus, type NatsBusOptions } from "@fairlead/bus/nats-websocket";
import { FairleadError } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import { createUpstashRegistry } from "@fairlead/registry/upstash";
import { measureBus, measureRegistry } from "@fairlead/server-process/measure";
import { createSignaling } from "@fairlead/signaling";
import { type Logger, MetricsStore } from "@fairlead/telemetry";
import type { Context } from "hono";
import { createMetricsTeller, TELL_METRICS_MS } from "../tell-metrics.ts";
import { upgradeWebSocket } from "./upgrade.ts";
import type { ShardConfig } from "./worker-settings.ts";
import type { Shard } from "./workers-api.ts";

/** A deploy drops the sockets of all shards at once, and gives nobody time to say so: their clients come back by and by. */
const pacedFor = (connections: number) => ({
  perSecond: Math.max(10, connections / 10),
  burst: Math.max(30, 0.3 * connections),
});

/**
 * Connects to NATS and makes the app over it.
 * @throws {FairleadError} `bus_disconnected`: NATS can't be reached now. Once it has been, a lost connection is made anew for ever.
 */
export async function openShard(config: ShardConfig, log: Logger): Promise<Shard> {
  const {
    host: _,
    port: __,
    shutdownDelayMs: ___,
    metricsAt: ____,
    nats,
    redis,
    connections,
    ...options
  } = config;
  /** Nobody can scrape a shard. */
  const metrics = new MetricsStore();
  const bus = measureBus(await connectBus(nats, log), metrics);
  const registry = measureRegistry(openRegistry(redis, log), metrics);
  const { app } = createSignaling({
    ...options,
    bus,
    registry,
    log,
    metrics,
    upgradeWebSocket,
    clientAddress,
    limits: { ...options.limits, connections, openings: pacedFor(connections) },
  });
  // A timer that is early by a millisecond would have to wait for the next.
  setInterval(createMetricsTeller(metrics, bus, Date.now), TELL_METRICS_MS + 500);
  return { fetch: async (request) => app.fetch(request) };
}

/** Cloudflare writes it anew on every request, whatever the client says. */
function clientAddress(c: Context): string | undefined {
  return c.req.header("CF-Connecting-IP");
}

async function connectBus(nats: NatsBusOptions, log: Logger): Promise<Bus> {
  try {
    const bus = await connectNatsWebSocketBus({
      ...nats,
      name: "signaling",
      inboxPrefix: "_INBOX_signaling",
      // Requests wait for it, and the next one tries again.
      waitOnFirstConnect: false,
      onHandlerError: (error, subject) => log.error("bus.handler_failed", { subject, error }),
      onConnectionError: (error) => log.warn("bus.failed", { error }),
    });
    bus.onStatus((status) => log[status === "lost" ? "warn" : "info"](`bus.${status}`));
    return bus;
  } catch (error) {
    throw new FairleadError("bus_disconnected", { cause: error });
  }
}

function openRegistry({ url, token, prefix }: ShardConfig["redis"], log: Logger): Registry {
  return createUpstashRegistry({
    url,
    token,
    ...(prefix === undefined ? {} : { prefix }),
    onError: (error) => log.warn("registry.failed", { error }),
    onResumed: () => log.info("registry.resumed"),
    onEviction: (policy) => log.error("registry.evicts", { policy, accepted: "noeviction" }),
  });
}
