import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Signaling } from "@fairlead/signaling";
import { type ServerType, serve, upgradeWebSocket } from "@hono/node-server";
import { WebSocketServer } from "ws";
import { gatherWrites } from "./gather-writes.ts";

/** UTF-8 of the longest frame, and then some: what is over protocol's limit gets its typed error, what is far over is cut off. */
const MAX_PAYLOAD_BYTES = 4 * 65_536;
/** How long clients may take to close their sockets. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Any other upgrade (`h2c`) is answered as if it had not been asked for, and its socket has its time-outs. */
const UPGRADES = {
  shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "websocket",
};

export type ServeOptions = {
  host: string;
  /** 0: any free one. */
  port: number;
  /** PEM. With it the server speaks HTTPS and nothing else. */
  tls?: { key: string; cert: string };
  /** Makes the app, and may add routes to it. Its `shutDown` is called by `close`. */
  createApp: (runtime: { upgradeWebSocket: typeof upgradeWebSocket }) => Signaling;
};

export type SignalingServer = { url: string; port: number; close(): Promise<void> };

/**
 * Serves a signaling app on Node.
 * @throws {Error} With the system's `code`, e.g. `EADDRINUSE`, when it can't listen.
 */
export async function serveSignaling({ host, port, tls, createApp }: ServeOptions): Promise<SignalingServer> {
  const { app, shutDown } = createApp({ upgradeWebSocket });
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
  let closing: Promise<void> | undefined;
  return {
    url: `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${actual}`,
    port: actual,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
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
