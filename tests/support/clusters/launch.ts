import { join } from "node:path";
import { provideWorker } from "@fairlead/mediasoup-worker";
import { exportKeySet, generateKeySet, type KeySet } from "@fairlead/tickets";
import type { Closers } from "../processes/closers.ts";
import { createNamespace, type NetworkNamespace } from "../processes/network-namespace.ts";
import { type ManagedProcess, startProcess } from "../processes/start-process.ts";
import { freePort } from "../servers/free-port.ts";
import { type NatsServer, startNats } from "../servers/start-nats.ts";
import { type RedisServer, startRedis } from "../servers/start-redis.ts";
import { type RedisPair, startRedisPair } from "../servers/start-redis-pair.ts";
import { startTcpRelay, type TcpRelay } from "../tcp-relay.ts";

export type SignalingChoice = {
  /** Another checkout, e.g. of another protocol version. */
  root?: string;
};

export type NodeChoice = SignalingChoice & {
  /** `relayed`: its NATS can be cut. `namespace`: its network can be dropped, media and all. */
  link?: "direct" | "relayed" | "namespace";
  env?: Record<string, string>;
};

/** `metricsAt`: host and port where Prometheus is answered; null without `hasMetrics`. */
type Scraped = { metricsAt: string | null };
export type SignalingProcess = ManagedProcess & Scraped & { port: number; url: string };
export type LiveProcess = ManagedProcess &
  Scraped & {
    /** Of RTMP. */
    port: number;
    /** Below it players find broadcasts. */
    hlsUrl: string;
  };
export type NodeProcess = ManagedProcess &
  Scraped & {
    /** With `link: "relayed"`. */
    nats: TcpRelay | null;
    /** With `link: "namespace"`. */
    network: NetworkNamespace | null;
    /** Process ids of the workers that run, by core. */
    workerPids(): number[];
  };

/** Settings of a group whose nodes an autoscaler starts on this machine. */
export type ScaleChoice = {
  min: number;
  max: number;
  /** `FAIRLEAD_SCALE_…`, mostly shorter times. */
  env?: Record<string, string>;
  /** Starts a node; default: the media node. */
  nodeMain?: string;
  /** Of its nodes, besides those of all. */
  nodeEnv?: Record<string, string>;
};

export const ROOT = join(import.meta.dirname, "../../..");
export const NODE_FLAGS = ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];

/** Servers and settings that the processes of one cluster share. */
export type Site = {
  nats: NatsServer;
  redis: RedisServer;
  /** With `hasReplica`; `redis` is its first primary. */
  redisPair: RedisPair | null;
  redisPort: number;
  redisPassword: string | undefined;
  closers: Closers;
  logs: string;
  hasMetrics: boolean;
  env: Record<string, string>;
};

export type SiteOptions = {
  name: string;
  cores: number;
  redisDelayMs: number;
  hasReplica?: boolean;
  /** Redis asks for it as long as it runs, and the processes show it. */
  redisPassword?: string;
  /** All processes can be scraped. */
  hasMetrics?: boolean;
  env: Record<string, string>;
  apiKey: string;
  ticketKeys: KeySet;
};

/** Starts the servers, and makes the settings of all processes. */
export async function openSite(options: SiteOptions, closers: Closers): Promise<Site> {
  const { name, cores, redisDelayMs, hasReplica = false, redisPassword, apiKey, ticketKeys } = options;
  const { hasMetrics = false } = options;
  const [nats, redisPair] = await Promise.all([startNats(), hasReplica ? startRedisPair() : null]);
  const redis = redisPair?.first ?? (await startRedis());
  closers.add(nats, redisPair ?? redis);
  const relay = redisDelayMs > 0 ? await startTcpRelay(redis.port, { delayMs: redisDelayMs }) : null;
  closers.add(relay);
  if (redisPassword !== undefined) await redis.command(`CONFIG SET requirepass ${redisPassword}`);
  return {
    nats,
    redis,
    redisPair,
    closers,
    redisPort: relay?.port ?? redisPair?.port ?? redis.port,
    redisPassword,
    logs: join(ROOT, "artifacts/logs", name),
    hasMetrics,
    env: {
      ...(process.env as Record<string, string>),
      MEDIASOUP_WORKER_BIN: (await provideWorker()).bin,
      FAIRLEAD_TICKET_KEYS: JSON.stringify(await exportKeySet(ticketKeys)),
      FAIRLEAD_SESSION_KEYS: JSON.stringify(await exportKeySet(await generateKeySet())),
      FAIRLEAD_API_KEYS: `admin=${apiKey}`,
      FAIRLEAD_HOST: "127.0.0.1",
      FAIRLEAD_CORES: String(cores),
      // However busy the machine is, a room sits on one core unless a test says otherwise.
      FAIRLEAD_HOME_LOAD: "1",
      ...options.env,
    },
  };
}

export async function startSignaling(
  site: Site,
  choice: SignalingChoice,
  number: number,
): Promise<SignalingProcess> {
  const port = await freePort();
  const metrics = await metricsOf(site, "FAIRLEAD_METRICS_PORT");
  const started = await startProcess({
    ...launch(site, choice, { name: `signaling-${number}`, app: "signaling" }),
    env: {
      ...site.env,
      ...natsEnv(site, "signaling", site.nats.tcpUrl),
      FAIRLEAD_REDIS_URL: redisUrl(site, "127.0.0.1", site.redisPort),
      FAIRLEAD_PORT: `${port}`,
      ...metrics.env,
    },
  });
  site.closers.add(started);
  return { ...started, metricsAt: metrics.at, port, url: `http://127.0.0.1:${port}` };
}

export async function startNode(site: Site, choice: NodeChoice, number: number): Promise<NodeProcess> {
  const { link = "direct" } = choice;
  const network = link === "namespace" ? createNamespace(number) : null;
  const host = network?.hostAddress;
  const nats = link === "direct" ? null : await startTcpRelay(site.nats.port, { host });
  const redis = network ? await startTcpRelay(site.redisPort, { host }) : null;
  const name = `node-${number}`;
  const metrics = await metricsOf(site, "FAIRLEAD_HTTP_PORT");
  const started = await startProcess({
    ...launch(site, choice, { name, app: "media-node", prefix: network?.prefix }),
    env: {
      ...site.env,
      ...natsEnv(site, "node", nats ? `nats://${host ?? "127.0.0.1"}:${nats.port}` : site.nats.tcpUrl),
      FAIRLEAD_REDIS_URL: redisUrl(site, host ?? "127.0.0.1", redis?.port ?? site.redisPort),
      FAIRLEAD_NODE_ID: name,
      ...metrics.env,
      ...choice.env,
    },
  });
  site.closers.add(started, nats, redis, network);
  return { ...started, metricsAt: metrics.at, nats, network, workerPids: () => workerPids(started) };
}

export async function startLive(site: Site, port: number, number: number): Promise<LiveProcess> {
  const name = `live-${number}`;
  const hlsPort = await freePort();
  const hlsUrl = `http://127.0.0.1:${hlsPort}/`;
  const metrics = await metricsOf(site, "FAIRLEAD_HTTP_PORT");
  const started = await startProcess({
    ...launch(site, {}, { name, app: "live" }),
    env: {
      ...site.env,
      ...natsEnv(site, "live", site.nats.tcpUrl),
      FAIRLEAD_REDIS_URL: redisUrl(site, "127.0.0.1", site.redisPort),
      FAIRLEAD_RTMP_PORT: `${port}`,
      FAIRLEAD_HLS_PORT: `${hlsPort}`,
      FAIRLEAD_HLS_URL: hlsUrl,
      FAIRLEAD_NODE_ID: name,
      ...metrics.env,
    },
  });
  site.closers.add(started);
  return { ...started, metricsAt: metrics.at, port, hlsUrl };
}

async function metricsOf({ hasMetrics }: Site, variable: string) {
  if (!hasMetrics) return { at: null, env: {} };
  const port = await freePort();
  return { at: `127.0.0.1:${port}`, env: { [variable]: `${port}` } };
}

type Launch = { name: string; app: "signaling" | "media-node" | "live" | "autoscaler"; prefix?: string[] };

export function launch({ logs }: Site, { root = ROOT }: SignalingChoice, { name, app, prefix = [] }: Launch) {
  return {
    name,
    command: [...prefix, process.execPath, ...NODE_FLAGS, join(root, "apps", app, "src/main.ts")],
    readyEvent: "process.started",
    logFile: join(logs, `${name}.log`),
  };
}

export function redisUrl({ redisPassword }: Site, host: string, port: number): string {
  const user = redisPassword === undefined ? "" : `default:${redisPassword}@`;
  return `redis://${user}${host}:${port}`;
}

/** How a process of that role reaches NATS. */
export function natsEnv(
  { nats }: Pick<Site, "nats">,
  role: keyof NatsServer["users"],
  url: string,
): Record<string, string> {
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
