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
import { createSignaling, type SignalingLimits } from "@fairlead/signaling";
import { startScriptedNode } from "@fairlead/signaling/testing";
import { type Logger, silentLogger } from "@fairlead/telemetry";
import { generateKeySet, issueTicket } from "@fairlead/tickets";
import { onTestFinished } from "vitest";
import { type ServeOptions, serveSignaling } from "../node.ts";
import { TestClient } from "./test-client.ts";

type Options = { limits?: Partial<SignalingLimits>; log?: Logger; tls?: ServeOptions["tls"] };
type Joined = Extract<ServerFrame, { type: "joined" }>;

/** Signaling on a real port, a scripted node behind it, and clients with tickets. All ends with the test. */
export async function startCluster({ limits, log = silentLogger, tls }: Options = {}) {
  const bus = createMemoryBus();
  const clock = { nowMs: 1_800_000_000_000 };
  const registry = createMemoryRegistry({ now: () => clock.nowMs });
  const node = await startScriptedNode(bus, registry);
  const [ticketKeys, sessionKeys] = await Promise.all([generateKeySet(), generateKeySet()]);

  const serveOn = async (port: number) => {
    const server = await serveSignaling({
      ...{ host: "127.0.0.1", port, tls },
      createApp: ({ upgradeWebSocket }) =>
        createSignaling({
          ...{ bus, registry, ticketKeys, sessionKeys, upgradeWebSocket, log, apiKeys: ["key"] },
          limits: { retryDelaysMs: [1, 1, 1], ...limits },
        }),
    });
    onTestFinished(() => server.close());
    return server;
  };
  const serve = () => serveOn(0);
  const server = await serve();

  const ticket = async (room: string, identity: string, ttlS = 60) => {
    const grants = { publish: [], subscribe: true, data: false, moderate: false };
    return (await issueTicket(ticketKeys, { room, identity, grants, ttlS })).ticket;
  };
  const joinFrame = async (room = "standup", identity = "ann"): Promise<JoinFrame> => ({
    ...{ type: "join", protocolVersion: 1, joinId: crypto.randomUUID() },
    ...{ ticket: await ticket(room, identity), capabilitiesVersion: "v", rtpCapabilities: {} },
  });
  const connect = async (url = server.url) => {
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
  /** The next proof of life that signaling gives to the node. */
  const beat = () => {
    const { promise, resolve } = Promise.withResolvers<SessionsAlive>();
    const heard = bus.subscribe(subjects.nodeSessions(node.incarnation), ({ data }) => {
      heard.unsubscribe();
      resolve(parseJson(SessionsAlive, decodeText(data)));
    });
    return promise;
  };
  const resumeFrame = ({ sessionTicket, position }: Joined): ClientFrameInput => ({
    ...{ type: "resume", protocolVersion: 1, sessionTicket, position },
  });
  return {
    bus,
    registry,
    clock,
    node,
    server,
    serve,
    serveOn,
    beat,
    joinFrame,
    connect,
    join,
    resumeFrame,
    subjects,
  };
}

type JoinFrame = Extract<ClientFrameInput, { type: "join" }>;
