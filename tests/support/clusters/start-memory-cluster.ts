import { createMemoryBus, type MemoryBus } from "@fairlead/bus/memory";
import { createMediaNode, type MediaNode, type MediaNodeOptions } from "@fairlead/media-node";
import { provideWorker } from "@fairlead/mediasoup-worker";
import { type Grants, type RoomDetail, randomId } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import {
  createSignaling,
  type Signaling,
  type SignalingDependencies,
  type SignalingLimits,
} from "@fairlead/signaling";
import { serveSignaling } from "@fairlead/signaling-app/node";
import { type Logger, type Metrics, silentLogger } from "@fairlead/telemetry";
import { generateKeySet, issueTicket } from "@fairlead/tickets";
import { expect } from "vitest";
import { type JoinOptions, ProtocolClient } from "../protocol-client.ts";
import { EVERYTHING } from "./everything.ts";
import { linkRegistry, type RegistryLink } from "./registry-link.ts";

export type MemoryClusterOptions = {
  /** Media nodes. */
  nodes?: number;
  /** Of each. */
  cores?: number;
  maxPeers?: number;
  graceMs?: number;
  log?: Logger;
  /** Of all processes together. */
  metrics?: Metrics;
  /** The media nodes' clock. */
  now?: () => number;
  /** Signaling's. */
  limits?: Partial<SignalingLimits>;
  app?: Partial<Pick<SignalingDependencies, "rateLimits" | "trustedProxies">>;
  /** The media nodes'. */
  hooks?: MediaNodeOptions["hooks"];
  budgets?: MediaNodeOptions["budgets"];
  /** How peers reach the media nodes. */
  reach?: Pick<MediaNodeOptions, "rtcTcpBasePort" | "turn" | "listenAddresses" | "rtp">;
  /**
   * How the media nodes choose the core that a peer's media sits on. `{}`: all of a room sit on one core, in every run. Default: at home,
   * or by turns on two cores at least (`FAIRLEAD_TEST_SEATS=alternating`).
   */
  seats?: Pick<MediaNodeOptions, "chooseCore" | "homeLoad" | "fullLoad" | "busyLoad">;
  /** Path; default: the one that every test uses. */
  workerBin?: string;
};
export type TicketOptions = { grants?: Partial<Grants>; ttlS?: number; notBefore?: number };

/** However busy the machine is, a room sits on one core unless a test says otherwise. */
const AT_HOME = { homeLoad: 10 };
const OF_SEATS = ["router", "rtp_observer"];
const LOOPBACK = [{ ip: "127.0.0.1" }];
const API_KEY = "an-api-key-of-tests";
/** The Node server tells the app this much of a request's connection. */
const CONNECTION = { incoming: { socket: { remoteAddress: "127.0.0.1" } } };

export type MemoryCluster = Awaited<ReturnType<typeof startMemoryCluster>>;

/** A process of the cluster, with its own connections to the registry and the bus, which a test can cut. */
export type Linked = { registryLink: RegistryLink; busLink: MemoryBus };

/**
 * Signaling on a real port and media nodes with real workers, on the memory bus and registry. Each has its own links to
 * these, to be cut and restored.
 */
export async function startMemoryCluster(options: MemoryClusterOptions = {}) {
  const { nodes: count = 1, maxPeers, graceMs, log = silentLogger, now } = options;
  const seats = options.seats ?? seatsOfEnvironment();
  const cores = Math.max(options.cores ?? 2, seats.chooseCore ? 2 : 1);
  const workerBin = options.workerBin ?? (await provideWorker()).bin;
  const [ticketKeys, sessionKeys] = await Promise.all([generateKeySet(), generateKeySet()]);
  const bugs: unknown[] = [];
  const bus = createMemoryBus({ onHandlerError: (error) => bugs.push(error) });
  const registry = createMemoryRegistry();
  const shared = { ticketKeys, sessionKeys, log: withErrors(log, bugs), metrics: options.metrics };
  const link = (): Linked => ({ registryLink: linkRegistry(registry), busLink: bus.connect() });
  const portsOf = ({ registryLink, busLink }: Linked) => ({
    registry: registryLink.registry,
    bus: busLink,
  });
  const startNode = async (index: number): Promise<MediaNode & Linked> => {
    const links = link();
    const capacity = { cores, maxPeers };
    const node = await createMediaNode({
      ...shared,
      ...portsOf(links),
      ...capacity,
      workerBin,
      graceMs,
      now,
      budgets: options.budgets,
      hooks: options.hooks,
      nodeId: `node-${index + 1}`,
      listenAddresses: LOOPBACK,
      ...options.reach,
      ...AT_HOME,
      ...seats,
    });
    // Not spread: it has getters.
    return Object.assign(node, links);
  };
  const nodes = await Promise.all(Array.from({ length: count }, (_, index) => startNode(index)));
  const [node = expect.fail("a cluster has a node")] = nodes;
  const signaling = link();
  const apps: Signaling["app"][] = [];
  const server = await serveSignaling({
    host: "127.0.0.1",
    port: 0,
    createApp: (runtime) => {
      const made = createSignaling({
        ...shared,
        ...portsOf(signaling),
        ...runtime,
        limits: options.limits,
        ...options.app,
        apiKeys: [{ key: API_KEY, scopes: ["admin"] }],
      });
      apps.push(made.app);
      return made;
    },
  });
  const [app = expect.fail("an app is served")] = apps;

  const ticket = async (room: string, identity: string, { grants, ...rest }: TicketOptions = {}) => {
    const input = { room, identity, name: identity, grants: { ...EVERYTHING, ...grants }, ttlS: 60, ...rest };
    return (await issueTicket(ticketKeys, input)).ticket;
  };
  const api = async (method: string, path: string, body?: unknown) => {
    const headers = new Headers({ authorization: `Bearer ${API_KEY}` });
    if (body !== undefined) headers.set("content-type", "application/json");
    const response = await fetch(`${server.url}${path}`, { method, headers, body: JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : JSON.parse(text) };
  };
  return {
    url: server.url,
    app,
    apiKey: API_KEY,
    bus,
    registry,
    node,
    nodes,
    signaling,
    ticketKeys,
    sessionKeys,
    ticket,
    api,
    bugs,
    /** Asks the app in this process: the server's work without the connection. */
    request: async (path: string, init?: RequestInit) => app.request(path, init, CONNECTION),
    /** The node that serves the room, as the registry knows it. */
    nodeOf: async (room: string) => {
      const lease = (await registry.describeRoom(room))?.lease;
      return (
        nodes.find(({ incarnation }) => incarnation === lease?.incarnation) ??
        expect.fail(`no place: ${room}`)
      );
    },
    /** As after SIGKILL: nobody hears of it any more. */
    kill: ({ registryLink, busLink }: Linked) => {
      registryLink.cut();
      busLink.cut();
    },
    /** A room id of its own for each test. */
    newRoom: () => `room-${randomId()}`,
    join: async (
      room: string,
      identity: string,
      options: TicketOptions & Omit<Partial<JoinOptions>, "ticket"> = {},
    ) => {
      const { grants, ttlS, notBefore, ...join } = options;
      const admission = await ticket(room, identity, { grants, ttlS, notBefore });
      return ProtocolClient.join(server.url, { ticket: admission, ...join });
    },
    /** The ledger as mediasoup's dumps tell theirs: sorted `kind:id`. */
    ledger: (of: MediaNode = node) =>
      of
        .ledger()
        .map(({ kind, id }) => `${kind}:${id}`)
        .sort(),
    /** How many resources of each kind a room's peers have in the ledger, with the router and observers of one of its seats. */
    resourcesOf: (room: string, of: MediaNode = node) => {
      const ofRoom = of.ledger().filter(({ owner }) => owner?.roomId === room);
      const coreOf = (kind: string) => ofRoom.find((one) => one.kind === kind)?.core;
      const owned = ofRoom.filter(
        ({ kind, owner, core }) => owner?.peerId || (OF_SEATS.includes(kind) && core === coreOf(kind)),
      );
      return Object.fromEntries(
        [...Map.groupBy(owned, ({ kind }) => kind)].map(([kind, some]) => [kind, some.length]),
      );
    },
    /** The node as the registry knows it. */
    nodeStatus: async () => (await registry.listNodes({ limit: 100, nodeId: node.nodeId })).items[0],
    room: async (room: string): Promise<RoomDetail> => (await api("GET", `/v1/rooms/${room}`)).body,
    close: async () => {
      await server.close();
      await Promise.all(nodes.map((some) => some.close()));
      await registry.close();
      await bus.close();
    },
  };
}

/** One peer after the other sits on the next core. */
export function alternateSeats(): NonNullable<MediaNodeOptions["chooseCore"]> {
  let seated = 0;
  return (_home, usable) => {
    const core = usable[seated % usable.length] ?? expect.fail("no core is usable");
    seated += 1;
    return core;
  };
}

/** So that a test file can run once more with rooms that span cores. */
function seatsOfEnvironment(): NonNullable<MemoryClusterOptions["seats"]> {
  return process.env.FAIRLEAD_TEST_SEATS === "alternating" ? { chooseCore: alternateSeats() } : AT_HOME;
}

/** An error in the log is a bug: tests look that there is none. */
function withErrors(log: Logger, bugs: unknown[]): Logger {
  return {
    ...log,
    error: (event, fields) => {
      bugs.push({ event, ...fields });
      log.error(event, fields);
    },
    child: (fields) => withErrors(log.child(fields), bugs),
  };
}
