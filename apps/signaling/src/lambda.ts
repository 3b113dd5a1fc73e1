import { FairleadError } from "@fairlead/protocol";
import { configureProcess, openBus, openRegistry } from "@fairlead/server-process";
import { createSignaling } from "@fairlead/signaling";
import { MetricsStore } from "@fairlead/telemetry";
import { getConnInfo, streamHandle } from "hono/aws-lambda";
import { defineWebSocketHelper } from "hono/ws";
import { readConfig } from "./config.ts";
import { serveInvocations } from "./lambda/serve-invocations.ts";
import { warmUp } from "./lambda/warm-up.ts";
import type { RuntimeParts } from "./server.ts";
import { createMetricsTeller } from "./tell-metrics.ts";

const lambdaParts: RuntimeParts = {
  clientAddress: (c) => getConnInfo(c).remote.address,
  /** A Function URL knows no upgrades: clients go on over HTTP. */
  upgradeWebSocket: defineWebSocketHelper(() => {
    throw new FairleadError("websocket_unsupported");
  }),
};

const { config, log } = await configureProcess(readConfig);
const { nats, redis, shutdownDelayMs: _, metricsAt: __, ...options } = config;
/** An instance can't be scraped: it tells with a request what it counted since the last ones. */
const metrics = new MetricsStore();
const registry = await openRegistry(redis, log, { metrics });
/** A start that waits would let clients wait: one that fails is answered at once and tried again by the next request. */
const [bus] = await Promise.all([
  openBus(nats, { role: "signaling", name: "signaling", log, metrics, waitOnFirstConnect: false }),
  warmUp(registry),
]);
const { app } = createSignaling({ ...options, ...lambdaParts, bus, registry, log, metrics });
const tellMetrics = createMetricsTeller(metrics, bus, Date.now);
const fetchAndTell: typeof app.fetch = async (...args) => {
  const answer = await app.fetch(...args);
  tellMetrics();
  return answer;
};

/** AWS Lambda: of a Function URL whose responses are streamed. */
export const handler = streamHandle(serveInvocations(fetchAndTell, bus, Date.now));
