import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { boundSockets } from "@fairlead/server-process/bound-sockets";
import type { Logger } from "@fairlead/telemetry";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";

export type HlsServer = { port: number; close(): Promise<void> };

/**
 * As signaling has them. Idle connections are kept for longer than balancers keep them (60 s), which would send a request into one that has
 * just been closed.
 */
const TIME_OUTS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 2_000,
};
/** A player has six at most, and a company's viewers may share an address. */
const SOCKETS_PER_ADDRESS = 5_000;

export type HlsServeOptions = {
  host: string;
  port: number;
  url: string;
  /** Where there are some, every connection is one of theirs. */
  trustedProxies?: number;
  /** How many connections one address may have at once, unless they are a proxy's. Default 5,000. */
  socketsPerAddress?: number;
  log: Logger;
};

/**
 * Serves HLS at the path that its URL has: a balancer in front changes no path.
 * @throws {Error} The port is taken.
 */
export async function serveHls(
  { host, port, url, trustedProxies = 0, socketsPerAddress = SOCKETS_PER_ADDRESS, log }: HlsServeOptions,
  app: Hono,
): Promise<HlsServer> {
  const outer = new Hono().route(new URL(url, "http://localhost").pathname, app);
  const server = createAdaptorServer({ fetch: outer.fetch, serverOptions: TIME_OUTS }) as Server;
  const tell = (address: string) => log.warn("sockets.refused", { address, limit: socketsPerAddress });
  if (trustedProxies === 0) server.on("connection", boundSockets(socketsPerAddress, tell));
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
