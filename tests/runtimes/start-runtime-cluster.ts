import { join } from "node:path";
import { randomId } from "@fairlead/protocol";
import {
  exportKeySet,
  generateKeySet,
  importKeySet,
  issueTicket,
  type KeySet,
  type TicketInput,
} from "@fairlead/tickets";
import { EVERYTHING } from "../support/clusters/everything.ts";
import { natsEnv, openSite, type Site, startNode } from "../support/clusters/launch.ts";
import { callApi } from "../support/processes/call-api.ts";
import { Closers } from "../support/processes/closers.ts";
import { startProcess } from "../support/processes/start-process.ts";
import { freePort } from "../support/servers/free-port.ts";
import { startJwksServer } from "../support/servers/start-jwks-server.ts";
import type { Instance, Runtime } from "./runtime.ts";

const REDIS_REST = join(import.meta.dirname, "../../deploy/redis-rest/src/main.ts");

export type RuntimeClusterOptions = {
  /** Of the folder with the logs: `artifacts/logs/NAME`. */
  name: string;
  /** Workers of the media node. */
  cores?: number;
  /** For all processes. */
  env?: Record<string, string>;
};

export type RuntimeCluster = Awaited<ReturnType<typeof startRuntimeCluster>>;

/**
 * All that signaling needs on any runtime: nats-server with the users of deploy/nats, redis-server, deploy/redis-rest in
 * front of it, and a media node, each a process.
 */
export async function startRuntimeCluster(options: RuntimeClusterOptions) {
  const closers = new Closers();
  try {
    return await assemble(options, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function assemble({ name, cores = 2, env = {} }: RuntimeClusterOptions, closers: Closers) {
  const [apiKey, ticketsKey, roomsKey] = [randomId(), randomId(), randomId()];
  const [ticketKeys, appKeys] = await Promise.all([keysOfCluster(), generateKeySet({ alg: "ES256" })]);
  const jwks = await startJwksServer(appKeys);
  closers.add(jwks);
  const site = await openSite({ name, cores, redisDelayMs: 0, env, apiKey, ticketKeys }, closers);
  // Besides the key that may do everything, two that may do little.
  site.env.FAIRLEAD_API_KEYS = `admin=${apiKey},tickets=${ticketsKey},rooms=${roomsKey}`;
  site.env.FAIRLEAD_TICKET_JWKS_URLS = jwks.url;
  const [rest, node] = await Promise.all([startRedisRest(site), startNode(site, {}, 1)]);
  const ticket = async (input: Partial<TicketInput> = {}) =>
    (await issueTicket(ticketKeys, ticketFor(input))).ticket;
  const settings = (runtime: Pick<Runtime, "nats" | "redis">) => ({
    ...site.env,
    ...natsEnv(site, "signaling", runtime.nats === "tcp" ? site.nats.tcpUrl : site.nats.websocketUrl),
    ...(runtime.redis === "resp" ? { FAIRLEAD_REDIS_URL: site.redis.url } : rest),
  });
  return {
    site,
    node,
    apiKey,
    ticketsKey,
    roomsKey,
    ticketKeys,
    appKeys,
    jwks,
    ticket,
    settings,
    publicTicketKeys: async () => exportKeySet(ticketKeys),
    newRoom: () => `room-${randomId()}`,
    /** Starts an instance, which ends with the cluster, and resolves when it is ready. */
    start: async (
      runtime: Runtime,
      instance: string,
      more: Record<string, string> = {},
    ): Promise<Instance> => {
      const started = await runtime.start({ ...settings(runtime), ...more }, `${name}/${instance}`);
      closers.add(started);
      await untilReady(started.url, apiKey);
      return started;
    },
    close: () => closers.closeAll(),
  };
}

/** One that signs, and a secret that the cluster shares with an app. */
async function keysOfCluster(): Promise<KeySet> {
  const sets = [await generateKeySet(), await generateKeySet({ alg: "HS256" })];
  return importKeySet({ keys: (await Promise.all(sets.map(exportKeySet))).flatMap(({ keys }) => keys) });
}

/** A ticket that may do everything, but for what `input` says. */
function ticketFor(input: Partial<TicketInput>): TicketInput {
  const identity = input.identity ?? `peer-${randomId()}`;
  return { room: "room", identity, name: identity, grants: EVERYTHING, ttlS: 600, ...input };
}

/** @returns How to reach it. */
async function startRedisRest(site: Site) {
  const [port, token] = [await freePort(), randomId()];
  const started = await startProcess({
    name: "redis-rest",
    command: [
      process.execPath,
      "--experimental-strip-types",
      "--disable-warning=ExperimentalWarning",
      REDIS_REST,
    ],
    readyEvent: "process.started",
    logFile: join(site.logs, "redis-rest.log"),
    env: {
      ...(process.env as Record<string, string>),
      FAIRLEAD_REDIS_URL: site.redis.url,
      FAIRLEAD_REST_TOKEN: token,
      FAIRLEAD_HOST: "127.0.0.1",
      FAIRLEAD_PORT: `${port}`,
    },
  });
  site.closers.add(started);
  return { UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${port}`, UPSTASH_REDIS_REST_TOKEN: token };
}

const READY_MS = 60_000;
const POLL_MS = 50;

/** Ready, and it knows of the media node. */
async function untilReady(url: string, apiKey: string): Promise<void> {
  const deadline = Date.now() + READY_MS;
  const isReady = async () => {
    const { ok } = await fetch(`${url}/readyz`);
    const { nodes } = await callApi<{ nodes: unknown[] }>(url, apiKey, { method: "GET", path: "/v1/nodes" });
    return ok && nodes.length > 0;
  };
  while (!(await isReady().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${url} did not become ready`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
