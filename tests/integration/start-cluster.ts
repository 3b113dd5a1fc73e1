import { createMemoryBus } from "@fairlead/bus/memory";
import { createMediaNode, type MediaNode } from "@fairlead/media-node";
import { provideWorker } from "@fairlead/mediasoup-worker";
import { type Grants, type RoomDetail, randomId } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { createSignaling } from "@fairlead/signaling";
import { serveSignaling } from "@fairlead/signaling-app/node";
import { type Logger, silentLogger } from "@fairlead/telemetry";
import { generateKeySet, issueTicket } from "@fairlead/tickets";
import { type JoinOptions, ProtocolClient } from "../support/protocol-client.ts";

export type ClusterOptions = {
  cores?: number;
  graceMs?: number;
  log?: Logger;
  /** The media node's clock. */
  now?: () => number;
};
export type TicketOptions = { grants?: Partial<Grants>; ttlS?: number; notBefore?: number };

const EVERYTHING: Grants = {
  publish: ["microphone", "camera", "screen", "screen_audio"],
  subscribe: true,
  data: true,
  moderate: true,
};
const LOOPBACK = [{ ip: "127.0.0.1" }];
const API_KEY = "an-api-key-of-tests";

export type Cluster = Awaited<ReturnType<typeof startCluster>>;

/** Signaling on a real port and a media node with real workers, on the memory bus and registry. */
export async function startCluster({ cores = 2, graceMs, log = silentLogger, now }: ClusterOptions = {}) {
  const { bin } = await provideWorker();
  const [ticketKeys, sessionKeys] = await Promise.all([generateKeySet(), generateKeySet()]);
  const bugs: unknown[] = [];
  const bus = createMemoryBus({ onHandlerError: (error) => bugs.push(error) });
  const registry = createMemoryRegistry();
  const shared = { bus, registry, ticketKeys, sessionKeys, log: withErrors(log, bugs) };
  const node: MediaNode = await createMediaNode({
    ...{ ...shared, workerBin: bin, cores, graceMs, now, listenAddresses: LOOPBACK },
  });
  const server = await serveSignaling({
    ...{ host: "127.0.0.1", port: 0 },
    createApp: ({ upgradeWebSocket }) =>
      createSignaling({ ...shared, upgradeWebSocket, apiKeys: [{ key: API_KEY, scopes: ["admin"] }] }),
  });

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
  const ownedBy = (room: string) => node.ledger().filter(({ owner }) => owner?.roomId === room);
  return {
    ...{ url: server.url, bus, registry, node, ticketKeys, sessionKeys, ticket, api, bugs },
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
    ledger: () =>
      node
        .ledger()
        .map(({ kind, id }) => `${kind}:${id}`)
        .sort(),
    /** How many resources of each kind a room has in the ledger. */
    resourcesOf: (room: string) =>
      Object.fromEntries(
        [...Map.groupBy(ownedBy(room), ({ kind }) => kind)].map(([kind, some]) => [kind, some.length]),
      ),
    /** The node as the registry knows it. */
    nodeStatus: async () => (await registry.listNodes({ limit: 100, nodeId: node.nodeId })).items[0],
    room: async (room: string): Promise<RoomDetail> => (await api("GET", `/v1/rooms/${room}`)).body,
    close: async () => {
      await server.close();
      await node.close();
      await registry.close();
      await bus.close();
    },
  };
}

/** What is logged as an error is a bug; tests look that there are none. */
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
