import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { boundSockets } from "@fairlead/server-process/bound-sockets";
import { silentLogger } from "@fairlead/telemetry";
import { type ServerType, serve, upgradeWebSocket } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { WebSocketServer } from "ws";
import { gatherWrites } from "./gather-writes.ts";
import {
  CLOSE_TIMEOUT_MS,
  MAX_PAYLOAD_BYTES,
  once,
  type ServeOptions,
  type SignalingServer,
  urlOf,
} from "./server.ts";

/**
 * A client that sends more slowly is cut off: a whole request is 256 KB at most. Idle connections are kept for longer than load
 * balancers keep them (60 s): a balancer would otherwise send a request into one that has just been closed.
 */
const TIME_OUTS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 2_000,
};
const TLS_TIME_OUT = { handshakeTimeout: 10_000 };
const SOCKETS_PER_ADDRESS = 5_000;

/** Any other upgrade (`h2c`) is answered as if it had not been asked for, and its socket has its time-outs. */
const UPGRADES = {
  shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "websocket",
};

export type NodeServeOptions = ServeOptions & {
  /** PEM. With it the server speaks HTTPS and nothing else. */
  tls?: { key: string; cert: string };
  /** Milliseconds, as Node names them. */
  timeOuts?: Partial<typeof TIME_OUTS>;
  /** How many connections one address may have at once, unless they are a proxy's. Default 5,000. */
  socketsPerAddress?: number;
};

/**
 * Serves a signaling app on Node.
 * @throws {Error} With the system's `code`, e.g. `EADDRINUSE`, when it can't listen.
 */
export async function serveSignaling(options: NodeServeOptions): Promise<SignalingServer> {
  const { host, port, tls, createApp } = options;
  const { app, shutDown } = createApp({
    upgradeWebSocket,
    clientAddress: (c) => getConnInfo(c).remote.address,
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD_BYTES });
  sockets.on("connection", (_client, { socket }) => gatherWrites(socket));
  const base = { fetch: app.fetch, hostname: host, port, websocket: { server: sockets } };
  const serverOptions = { ...UPGRADES, ...TIME_OUTS, ...options.timeOuts };
  const server = await listening((done) =>
    tls
      ? serve({ ...base, createServer, serverOptions: { ...serverOptions, ...tls, ...TLS_TIME_OUT } }, done)
      : serve({ ...base, serverOptions }, done),
  );
  const { trustedProxies = 0, socketsPerAddress = SOCKETS_PER_ADDRESS, log = silentLogger } = options;
  const tell = (address: string) => log.warn("sockets.refused", { address, limit: socketsPerAddress });
  if (trustedProxies === 0) server.on("connection", boundSockets(socketsPerAddress, tell));
  // A socket between two owners (an upgrade being refused) may be reset: that must not be the process's end.
  server.on("connection", (socket: Socket) => socket.on("error", () => {}));
  const actual = (server.address() as AddressInfo).port;
  const close = async () => {
    await shutDown();
    await closed(server, sockets);
  };
  return { url: urlOf(tls ? "https" : "http", host, actual), port: actual, close: once(close) };
}

function listening(start: (done: () => void) => ServerType): Promise<ServerType> {
  const { promise, resolve, reject } = Promise.withResolvers<ServerType>();
  const server: ServerType = start(() => resolve(server));
  server.once("error", reject);
  return promise;
}

async function closed(server: ServerType, sockets: WebSocketServer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  const cutOff = setTimeout(() => {
    for (const socket of sockets.clients) socket.terminate();
    if ("closeAllConnections" in server) server.closeAllConnections();
  }, CLOSE_TIMEOUT_MS);
  await promise;
  clearTimeout(cutOff);
}
