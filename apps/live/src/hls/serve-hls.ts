import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";

export type HlsServer = { port: number; close(): Promise<void> };

/** Longer than balancers keep idle connections (60 s): they would send a request into one that has just been closed. */
const KEEP_ALIVE_MS = 65_000;
const HEADERS_MS = 10_000;

/**
 * Serves HLS at the path that its URL has: a balancer in front changes no path.
 * @throws {Error} The port is taken.
 */
export async function serveHls(
  { host, port, url }: { host: string; port: number; url: string },
  app: Hono,
): Promise<HlsServer> {
  const outer = new Hono().route(new URL(url, "http://localhost").pathname, app);
  const server = createAdaptorServer({
    fetch: outer.fetch,
    serverOptions: { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_MS },
  }) as Server;
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
