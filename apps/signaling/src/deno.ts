import { getConnInfo } from "hono/deno";
import { defineWebSocketHelper, WSContext } from "hono/ws";
import { CLOSE_TIMEOUT_MS, once, type ServeOptions, type SignalingServer, urlOf } from "./server.ts";

/** The part of Deno's own API that is used here, see https://docs.deno.com/api/deno/~/Deno.serve */
declare const Deno: {
  serve(
    options: { hostname: string; port: number; signal: AbortSignal; onListen: () => void },
    handler: (request: Request, info: object) => Response | Promise<Response>,
  ): { addr: { port: number }; shutdown(): Promise<void> };
  upgradeWebSocket(request: Request): { response: Response; socket: WebSocket };
};

/** Closed at once, Deno now and then resets a connection before its client has read the last frames, which say why. */
const CLOSE_AFTER_MS = 20;

/** As Hono's own for Deno, but for the time until a close. */
const upgradeWebSocket = defineWebSocketHelper((c, events) => {
  if (c.req.header("Upgrade")?.toLowerCase() !== "websocket") return;
  const { response, socket } = Deno.upgradeWebSocket(c.req.raw);
  const context = new WSContext({
    send: (data) => socket.send(data),
    close: (code, reason) => void setTimeout(() => socket.close(code, reason), CLOSE_AFTER_MS),
    raw: socket,
    get readyState() {
      return socket.readyState as 0 | 1 | 2 | 3;
    },
  });
  socket.onopen = (event) => events.onOpen?.(event, context);
  socket.onmessage = (event) => events.onMessage?.(event, context);
  socket.onclose = (event) => events.onClose?.(event, context);
  socket.onerror = (event) => events.onError?.(event, context);
  return response;
});

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
