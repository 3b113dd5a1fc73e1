import { getConnInfo, upgradeWebSocket } from "hono/deno";
import { CLOSE_TIMEOUT_MS, once, type ServeOptions, type SignalingServer, urlOf } from "./server.ts";

/** What is used of Deno's own API, see https://docs.deno.com/api/deno/~/Deno.serve */
declare const Deno: {
  serve(
    options: { hostname: string; port: number; signal: AbortSignal; onListen: () => void },
    handler: (request: Request, info: object) => Response | Promise<Response>,
  ): { addr: { port: number }; shutdown(): Promise<void> };
};

/** Serves a signaling app on Deno. @throws {Error} It can't listen. */
export async function serveOnDeno({ host, port, createApp }: ServeOptions): Promise<SignalingServer> {
  const { app, shutDown } = createApp({
    upgradeWebSocket,
    clientAddress: (c) => getConnInfo(c).remote.address,
  });
  const aborting = new AbortController();
  const options = { hostname: host, port, signal: aborting.signal, onListen: () => {} };
  const server = Deno.serve(options, app.fetch);
  const close = async () => {
    await shutDown();
    const cutOff = setTimeout(() => aborting.abort(), CLOSE_TIMEOUT_MS);
    await server.shutdown();
    clearTimeout(cutOff);
  };
  return { url: urlOf("http", host, server.addr.port), port: server.addr.port, close: once(close) };
}
