import { decodeText } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import {
  type ClientFrameInput,
  parseJson,
  type ServerFrame,
  SessionsAlive,
  subjects,
} from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { createSignaling, type SignalingDependencies, type SignalingLimits } from "@fairlead/signaling";
import { startScriptedNode } from "@fairlead/signaling/testing";
import { type Logger, silentLogger } from "@fairlead/telemetry";
import { generateKeySet, issueTicket, type KeySet } from "@fairlead/tickets";
import { onTestFinished } from "vitest";
import { type NodeServeOptions, serveSignaling } from "../node.ts";
import { TestClient } from "./test-client.ts";

type Options = {
  limits?: Partial<SignalingLimits>;
  log?: Logger;
  /** Signaling's clock goes on only as `clock` is set forward, like the registry's. */
  clockStands?: boolean;
  region?: string;
  tls?: NodeServeOptions["tls"];
  /** Further dependencies of the app. */
  app?: Partial<SignalingDependencies>;
  /** Further options of the server. */
  serving?: Partial<NodeServeOptions>;
};
const START_MS = 1_800_000_000_000;

type JoinFrame = Extract<ClientFrameInput, { type: "join" }>;
type Joined = Extract<ServerFrame, { type: "joined" }>;

/** Signaling on a real port, a scripted node behind it, and clients with tickets. All ends with the test. */
export async function startScriptedCluster(options: Options = {}) {
  const cluster = await startBackEnd();
  const serveOn = async (port: number) => {
    const server = await serveSignaling(serveOptions(cluster, options, port));
    onTestFinished(() => server.close());
    return server;
  };
  const serve = () => serveOn(0);
  const server = await serve();
  const clients = clientsOf(server.url, cluster.ticketKeys);
  const beats = { beat: () => nextBeat(cluster), hearProofs: () => hearProofs(cluster) };
  return { ...cluster, ...clients, ...beats, server, serve, serveOn, resumeFrame };
}

type BackEnd = Awaited<ReturnType<typeof startBackEnd>>;

async function startBackEnd() {
  const bus = createMemoryBus();
  /** Signaling's own connection to it. */
  const signalingBus = bus.connect();
  const clock = { nowMs: START_MS };
  const registry = createMemoryRegistry({ now: () => clock.nowMs });
  const node = await startScriptedNode(bus, registry);
  const [ticketKeys, sessionKeys] = await Promise.all([generateKeySet(), generateKeySet()]);
  return { bus, signalingBus, clock, registry, node, ticketKeys, sessionKeys };
}

function serveOptions(backEnd: BackEnd, options: Options, port: number): NodeServeOptions {
  const { signalingBus: bus, clock, registry, ticketKeys, sessionKeys } = backEnd;
  const startedMs = Date.now();
  // Tickets are issued by the real time; what the registry's clock is set forward by, signaling's is too.
  const now = () => (options.clockStands ? startedMs : Date.now()) + clock.nowMs - START_MS;
  const { limits, log = silentLogger, region, tls, app, serving } = options;
  return {
    host: "127.0.0.1",
    port,
    tls,
    createApp: (parts) =>
      createSignaling({
        ...parts,
        bus,
        registry,
        ticketKeys,
        sessionKeys,
        log,
        now,
        apiKeys: [],
        region,
        ...app,
        limits: { retryDelaysMs: [1, 1, 1], ...limits },
      }),
    ...serving,
  };
}

function clientsOf(serverUrl: string, ticketKeys: KeySet) {
  const joinFrame = async (room = "standup", identity = "ann"): Promise<JoinFrame> => {
    const grants = { publish: [], subscribe: true, data: false, moderate: false };
    const { ticket } = await issueTicket(ticketKeys, { room, identity, grants, ttlS: 60 });
    return {
      type: "join",
      protocolVersion: 1,
      joinId: crypto.randomUUID(),
      ticket,
      capabilitiesVersion: "v",
      rtpCapabilities: {},
    };
  };
  const connect = async (url = serverUrl) => {
    const client = await TestClient.connect(url);
    onTestFinished(() => client.socket.terminate());
    return client;
  };
  /** A client that has joined and got its first event. */
  const join = async (room?: string, identity?: string) => {
    const client = await connect();
    client.send(await joinFrame(room, identity));
    const joined: Joined = await client.next("joined");
    await client.next("event");
    return { client, joined };
  };
  return { joinFrame, connect, join };
}

/** The next proof of life that signaling gives to the node. */
function nextBeat({ bus, node }: BackEnd): Promise<SessionsAlive> {
  const { promise, resolve } = Promise.withResolvers<SessionsAlive>();
  const heard = bus.subscribe(subjects.nodeSessions(node.incarnation), ({ data }) => {
    heard.unsubscribe();
    resolve(parseJson(SessionsAlive, decodeText(data)));
  });
  return promise;
}

/** @returns The proofs of life that the node gets from now on; they are appended as they come. */
function hearProofs({ bus, node }: BackEnd): SessionsAlive["sessions"] {
  const proofs: SessionsAlive["sessions"] = [];
  bus.subscribe(subjects.nodeSessions(node.incarnation), ({ data }) => {
    proofs.push(...parseJson(SessionsAlive, decodeText(data)).sessions);
  });
  return proofs;
}

function resumeFrame({ sessionTicket, position }: Joined): ClientFrameInput {
  return { type: "resume", protocolVersion: 1, sessionTicket, position };
}
