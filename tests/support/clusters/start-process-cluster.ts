import { type NodePage, type RoomDetail, type RoomPage, randomId } from "@fairlead/protocol";
import { generateKeySet, issueTicket, type KeySet } from "@fairlead/tickets";
import { callApi } from "../processes/call-api.ts";
import { Closers } from "../processes/closers.ts";
import type { ManagedProcess } from "../processes/start-process.ts";
import { startTcpBalancer } from "../processes/tcp-balancer.ts";
import { type JoinOptions, ProtocolClient } from "../protocol-client.ts";
import { freePort } from "../servers/free-port.ts";
import { EVERYTHING } from "./everything.ts";
import {
  type NodeChoice,
  openSite,
  type ScaleChoice,
  type SignalingChoice,
  type SignalingProcess,
  startLive,
  startNode,
  startSignaling,
} from "./launch.ts";
import { startScaledNodes } from "./scaled-nodes.ts";

export type { NodeChoice, NodeProcess } from "./launch.ts";

export type ProcessClusterOptions = {
  /** Of the folder with the logs: `artifacts/logs/NAME`. */
  name: string;
  signaling?: number | SignalingChoice[];
  nodes?: number | NodeChoice[];
  /** Processes that take RTMP in, behind a TCP balancer. Default: none. */
  lives?: number;
  /** Nodes that an autoscaler starts and removes, instead of `nodes`. */
  scaled?: ScaleChoice;
  /** Workers of each node. */
  cores?: number;
  /** Delay of everything that goes to or comes from Redis, each way. */
  redisDelayMs?: number;
  /** Default: none is asked for. */
  redisPassword?: string;
  /** Redis has a replica, and both stand behind one address. */
  hasReplica?: boolean;
  /** All processes can be scraped, at their `metricsAt`. */
  hasMetrics?: boolean;
  /** For all processes, e.g. `FAIRLEAD_GRACE_MS`. */
  env?: Record<string, string>;
};

export type ProcessCluster = Awaited<ReturnType<typeof startProcessCluster>>;

const READY_MS = 60_000;
const POLL_MS = 100;

/**
 * A whole cluster in processes of its own: nats-server with the users of deploy/nats, redis-server, signaling behind a TCP
 * balancer, media nodes. Resolves when all of it is ready.
 */
export async function startProcessCluster(options: ProcessClusterOptions) {
  const closers = new Closers();
  try {
    return await assemble(options, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function assemble(options: ProcessClusterOptions, closers: Closers) {
  const { name, signaling = 2, lives = 0, cores = 1, redisDelayMs = 0, env = {}, scaled } = options;
  const { nodes = scaled ? 0 : 3 } = options;
  const { redisPassword, hasReplica, hasMetrics } = options;
  const keys = { apiKey: randomId(), ticketKeys: await generateKeySet() };
  const livePorts = await Promise.all(Array.from({ length: lives }, freePort));
  const [firstLive] = livePorts;
  const rtmpBalancer = lives > 1 ? await startTcpBalancer(() => livePorts) : null;
  closers.add(rtmpBalancer);
  const rtmpUrl = rtmpBalancer?.url.replace("http:", "rtmp:") ?? `rtmp://127.0.0.1:${firstLive}`;
  const rtmp: Record<string, string> = lives > 0 ? { FAIRLEAD_RTMP_URL: `${rtmpUrl}/live` } : {};
  const site = await openSite(
    { name, cores, redisDelayMs, redisPassword, hasReplica, hasMetrics, env: { ...rtmp, ...env }, ...keys },
    closers,
  );
  const [signalings, mediaNodes, liveProcesses] = await Promise.all([
    Promise.all(choicesOf(signaling).map((choice, index) => startSignaling(site, choice, index + 1))),
    Promise.all(choicesOf(nodes).map((choice, index) => startNode(site, choice, index + 1))),
    Promise.all(livePorts.map((port, index) => startLive(site, port, index + 1))),
  ]);
  const balancer = await startTcpBalancer(() => signalings.map(({ port }) => port));
  closers.add(balancer);
  const access = { apiUrl: balancer.url, apiKey: keys.apiKey };
  const scaledNodes = scaled ? await startScaledNodes(site, scaled, access) : null;
  const cluster = {
    nats: site.nats,
    redis: site.redis,
    redisPair: site.redisPair,
    signalings,
    nodes: mediaNodes,
    lives: liveProcesses,
    /** With `scaled`. */
    scaledNodes,
    ...keys,
    processes: [
      ...[...signalings, ...mediaNodes, ...liveProcesses],
      ...(scaledNodes?.autoscalers ?? []),
    ] as ManagedProcess[],
    /** Of the balancer. */
    url: balancer.url,
    logFolder: site.logs,
    /** By name, e.g. `node-2`. @throws {Error} There is none. */
    node: (nodeId: string) => named(mediaNodes, nodeId),
    newRoom: () => `room-${randomId()}`,
    ...accessTo(balancer.url, keys),
    close: () => closers.closeAll(),
  };
  await untilReady(cluster, scaled?.min ?? mediaNodes.length, lives);
  return cluster;
}

/** The ways in which clients and an operator use a cluster. */
function accessTo(url: string, { apiKey, ticketKeys }: { apiKey: string; ticketKeys: KeySet }) {
  const api = <T>(method: string, path: string, body?: unknown) =>
    callApi<T>(url, apiKey, { method, path, body });
  const ticket = async (room: string, identity: string) => {
    const input = { room, identity, name: identity, grants: EVERYTHING, ttlS: 3_600 };
    return (await issueTicket(ticketKeys, input)).ticket;
  };
  const listAll = () => pagesOf<NodePage, "nodes">(api, "/v1/nodes", "nodes");
  return {
    api,
    ticket,
    join: async (room: string, identity: string, join: Omit<Partial<JoinOptions>, "ticket"> = {}) =>
      ProtocolClient.join(url, { ticket: await ticket(room, identity), ...join }),
    room: (room: string) => api<RoomDetail>("GET", `/v1/rooms/${room}`),
    rooms: () => pagesOf<RoomPage, "rooms">(api, "/v1/rooms", "rooms"),
    /** Media nodes. */
    listNodes: async () => (await listAll()).filter(({ kind }) => kind === undefined || kind === "media"),
    /** Processes that take RTMP in. */
    listLives: async () => (await listAll()).filter(({ kind }) => kind === "live"),
  };
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

type List = () => Promise<NodePage["nodes"]>;
type Readiness = { signalings: readonly SignalingProcess[]; listNodes: List; listLives: List };

async function untilReady(
  { signalings, listNodes, listLives }: Readiness,
  nodes: number,
  lives: number,
): Promise<void> {
  const deadline = Date.now() + READY_MS;
  const isReady = async () => {
    const answers = await Promise.all(signalings.map(({ url }) => fetch(`${url}/readyz`)));
    const areReady = answers.every(({ ok }) => ok) && (await listNodes()).length === nodes;
    return areReady && (await listLives()).length === lives;
  };
  while (!(await isReady().catch(() => false))) {
    if (Date.now() > deadline) throw new Error("the cluster did not become ready");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
