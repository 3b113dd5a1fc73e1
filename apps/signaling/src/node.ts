import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
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

/** Any other upgrade (`h2c`) is answered as if it had not been asked for, and its socket has its time-outs. */
const UPGRADES = {
  shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "websocket",
};

export type NodeServeOptions = ServeOptions & {
  /** PEM. With it the server speaks HTTPS and nothing else. */
  tls?: { key: string; cert: string };
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
  const server = await listening((done) =>
    tls
      ? serve({ ...base, createServer, serverOptions: { ...tls, ...UPGRADES } }, done)
      : serve({ ...base, serverOptions: UPGRADES }, done),
  );
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
