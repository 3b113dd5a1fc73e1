import { configureProcess, openBus, openRegistry } from "@fairlead/server-process";
import { createSignaling } from "@fairlead/signaling";
import { streamHandle } from "hono/aws-lambda";
import { readConfig } from "./config.ts";
import { lambdaParts } from "./lambda/lambda-parts.ts";
import { serveInvocations } from "./lambda/serve-invocations.ts";
import { warmUp } from "./lambda/warm-up.ts";

const { config, log } = await configureProcess(readConfig);
const { nats, redis, ...options } = config;
const registry = await openRegistry(redis, log);
/** A start that waits would let clients wait: one that fails is answered at once and tried again by the next request. */
const [bus] = await Promise.all([
  openBus(nats, { role: "signaling", name: "signaling", log, waitOnFirstConnect: false }),
  warmUp(registry),
]);
const { app } = createSignaling({ ...options, ...lambdaParts, bus, registry, log });

/** AWS Lambda: of a Function URL whose responses are streamed. */
export const handler = streamHandle(serveInvocations(app.fetch, bus, Date.now));
