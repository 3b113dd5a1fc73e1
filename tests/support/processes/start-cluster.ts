import { join } from "node:path";
import { provideWorker } from "@fairlead/mediasoup-worker";
import { type Grants, type NodePage, type RoomDetail, type RoomPage, randomId } from "@fairlead/protocol";
import { exportKeySet, generateKeySet, issueTicket } from "@fairlead/tickets";
import { type JoinOptions, ProtocolClient } from "../protocol-client.ts";
import { freePort } from "../servers/free-port.ts";
import { type NatsServer, startNats } from "../servers/start-nats.ts";
import { type RedisServer, startRedis } from "../servers/start-redis.ts";
import { startTcpRelay, type TcpRelay } from "../tcp-relay.ts";
import { callApi } from "./call-api.ts";
import { Closers } from "./closers.ts";
import { createNamespace, type NetworkNamespace } from "./network-namespace.ts";
import { type ManagedProcess, startProcess } from "./start-process.ts";
import { startTcpBalancer } from "./tcp-balancer.ts";

export type SignalingChoice = {
  /** Another checkout, e.g. of another protocol version. */
  root?: string;
};

export type NodeChoice = SignalingChoice & {
  /** `relayed`: its NATS can be cut. `namespace`: its network can be dropped, media and all. */
  link?: "direct" | "relayed" | "namespace";
  env?: Record<string, string>;
};

export type ClusterOptions = {
  /** Of the folder with the logs: `artifacts/logs/NAME`. */
  name: string;
  signaling?: number | SignalingChoice[];
  nodes?: number | NodeChoice[];
  /** Workers of each node. */
  cores?: number;
  /** What everything that goes to and from Redis takes, each way, ms. */
  redisDelayMs?: number;
  /** For all processes, e.g. `FAIRLEAD_GRACE_MS`. */
  env?: Record<string, string>;
};

export type SignalingProcess = ManagedProcess & { port: number; url: string };
export type NodeProcess = ManagedProcess & {
  /** With `link: "relayed"`. */
  nats: TcpRelay | null;
  /** With `link: "namespace"`. */
  network: NetworkNamespace | null;
  /** Process ids of the workers that run, by core. */
  workerPids(): number[];
};

export type Cluster = Awaited<ReturnType<typeof startCluster>>;

const ROOT = join(import.meta.dirname, "../../..");
const NODE_FLAGS = ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];
const EVERYTHING: Grants = {
  publish: ["microphone", "camera", "screen", "screen_audio"],
  subscribe: true,
  data: true,
  moderate: true,
};
const READY_MS = 60_000;
const POLL_MS = 100;

/**
 * A whole cluster in processes of its own: nats-server with the users of deploy/nats, redis-server, signaling behind a TCP
 * balancer, media nodes. Resolves when all of it is ready.
 */
export async function startCluster(options: ClusterOptions) {
  const closers = new Closers();
  try {
    return await assemble(options, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function assemble(options: ClusterOptions, closers: Closers) {
  const { name, signaling = 2, nodes = 3, redisDelayMs = 0 } = options;
  const [nats, redis] = await Promise.all([startNats(), startRedis()]);
  closers.add(nats, redis);
  const apiKey = randomId();
  const ticketKeys = await generateKeySet();
  const redisRelay = redisDelayMs > 0 ? await startTcpRelay(redis.port, { delayMs: redisDelayMs }) : null;
  if (redisRelay) closers.add(redisRelay);
  const site: Site = {
    ...{ nats, redis, closers, redisPort: redisRelay?.port ?? redis.port },
    logs: join(ROOT, "artifacts/logs", name),
    env: {
      ...(process.env as Record<string, string>),
      MEDIASOUP_WORKER_BIN: (await provideWorker()).bin,
      FAIRLEAD_TICKET_KEYS: JSON.stringify(await exportKeySet(ticketKeys)),
      FAIRLEAD_SESSION_KEYS: JSON.stringify(await exportKeySet(await generateKeySet())),
      FAIRLEAD_API_KEYS: `admin=${apiKey}`,
      FAIRLEAD_HOST: "127.0.0.1",
      FAIRLEAD_CORES: String(options.cores ?? 1),
      ...options.env,
    },
  };
  const parts = await Promise.all([
    Promise.all(choicesOf(signaling).map((choice, index) => startSignaling(site, choice, index + 1))),
    Promise.all(choicesOf(nodes).map((choice, index) => startNode(site, choice, index + 1))),
  ]);
  const [signalings, mediaNodes] = parts;
  const balancer = await startTcpBalancer(() => signalings.map(({ port }) => port));
  closers.add(balancer);

  const api = <T>(method: string, path: string, body?: unknown) =>
    callApi<T>(balancer.url, apiKey, { method, path, body });
  const ticket = async (room: string, identity: string) =>
    (await issueTicket(ticketKeys, { room, identity, name: identity, grants: EVERYTHING, ttlS: 3_600 }))
      .ticket;
  const all: ManagedProcess[] = [...signalings, ...mediaNodes];
  const cluster = {
    ...{ nats, redis, signalings, nodes: mediaNodes, processes: all, ticketKeys, apiKey, api, ticket },
    /** Of the balancer. */
    url: balancer.url,
    logFolder: site.logs,
    /** By name, e.g. `node-2`. @throws {Error} There is none. */
    node: (nodeId: string) => named(mediaNodes, nodeId),
    newRoom: () => `room-${randomId()}`,
    join: async (room: string, identity: string, join: Omit<Partial<JoinOptions>, "ticket"> = {}) =>
      ProtocolClient.join(balancer.url, { ticket: await ticket(room, identity), ...join }),
    room: (room: string) => api<RoomDetail>("GET", `/v1/rooms/${room}`),
    rooms: () => pagesOf<RoomPage, "rooms">(api, "/v1/rooms", "rooms"),
    listNodes: () => pagesOf<NodePage, "nodes">(api, "/v1/nodes", "nodes"),
    close: () => closers.closeAll(),
  };
  await untilReady(cluster, mediaNodes.length);
  return cluster;
}

type Site = {
  nats: NatsServer;
  redis: RedisServer;
  redisPort: number;
  closers: Closers;
  logs: string;
  env: Record<string, string>;
};

async function startSignaling(
  site: Site,
  choice: SignalingChoice,
  number: number,
): Promise<SignalingProcess> {
  const port = await freePort();
  const started = await startProcess({
    ...launch(site, choice, { name: `signaling-${number}`, app: "signaling" }),
    env: {
      ...site.env,
      ...natsEnv(site, "signaling", site.nats.tcpUrl),
      FAIRLEAD_REDIS_URL: `redis://127.0.0.1:${site.redisPort}`,
      FAIRLEAD_PORT: `${port}`,
    },
  });
  site.closers.add(started);
  return { ...started, port, url: `http://127.0.0.1:${port}` };
}

async function startNode(site: Site, choice: NodeChoice, number: number): Promise<NodeProcess> {
  const { link = "direct" } = choice;
  const network = link === "namespace" ? createNamespace(number) : null;
  const host = network?.hostAddress;
  const nats = link === "direct" ? null : await startTcpRelay(site.nats.port, { host });
  const redis = network ? await startTcpRelay(site.redisPort, { host }) : null;
  const name = `node-${number}`;
  const started = await startProcess({
    ...launch(site, choice, { name, app: "media-node", prefix: network?.prefix }),
    env: {
      ...site.env,
      ...natsEnv(site, "node", nats ? `nats://${host ?? "127.0.0.1"}:${nats.port}` : site.nats.tcpUrl),
      FAIRLEAD_REDIS_URL: `redis://${host ?? "127.0.0.1"}:${redis?.port ?? site.redisPort}`,
      FAIRLEAD_NODE_ID: name,
      ...choice.env,
    },
  });
  site.closers.add(started, nats, redis, network);
  return { ...started, nats, network, workerPids: () => workerPids(started) };
}

type Launch = { name: string; app: "signaling" | "media-node"; prefix?: string[] };

function launch({ logs }: Site, { root = ROOT }: SignalingChoice, { name, app, prefix = [] }: Launch) {
  return {
    name,
    command: [...prefix, process.execPath, ...NODE_FLAGS, join(root, "apps", app, "src/main.ts")],
    readyEvent: "process.started",
    logFile: join(logs, `${name}.log`),
  };
}

function natsEnv({ nats }: Site, role: "signaling" | "node", url: string): Record<string, string> {
  const { user, password } = nats.users[role];
  return {
    FAIRLEAD_NATS_SERVERS: url,
    FAIRLEAD_NATS_USER: user,
    FAIRLEAD_NATS_PASSWORD: password,
  };
}

function workerPids({ log }: ManagedProcess): number[] {
  const pids: number[] = [];
  // A core that is started again has another worker, and so has a node.
  for (const { msg, core, pid } of log) if (msg === "worker.started") pids[Number(core)] = Number(pid);
  return pids;
}

function choicesOf<T extends object>(choices: number | T[]): T[] {
  return typeof choices === "number" ? Array.from({ length: choices }, () => ({}) as T) : choices;
}

function named<T extends { name: string }>(processes: readonly T[], name: string): T {
  const found = processes.find((one) => one.name === name);
  if (!found) throw new Error(`no ${name}; there is ${processes.map((one) => one.name).join(", ")}`);
  return found;
}

type Api = <T>(method: string, path: string) => Promise<T>;

async function pagesOf<P extends { cursor?: string }, K extends keyof P>(
  api: Api,
  path: string,
  key: K,
): Promise<P[K]> {
  const items: unknown[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const page: P = await api<P>("GET", cursor ? `${path}?cursor=${encodeURIComponent(cursor)}` : path);
    items.push(...(page[key] as unknown[]));
    cursor = page.cursor;
  }
  return items as P[K];
}

type Readiness = { signalings: readonly SignalingProcess[]; listNodes(): Promise<NodePage["nodes"]> };

async function untilReady({ signalings, listNodes }: Readiness, nodes: number): Promise<void> {
  const deadline = Date.now() + READY_MS;
  const isReady = async () => {
    const answers = await Promise.all(signalings.map(({ url }) => fetch(`${url}/readyz`)));
    return answers.every(({ ok }) => ok) && (await listNodes()).length === nodes;
  };
  while (!(await isReady().catch(() => false))) {
    if (Date.now() > deadline) throw new Error("the cluster did not become ready");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
