import { defineWebSocketHelper, WSContext, type WSEvents } from "hono/ws";
import type { AcceptedSocket } from "./workers-api.ts";

declare const WebSocketPair: new () => { 0: WebSocket; 1: AcceptedSocket };

/**
 * Upgrades requests to WebSockets of this Durable Object. Unlike Hono's own for Workers it tells that a socket is open, from when
 * its client has some seconds to join.
 */
export const upgradeWebSocket = defineWebSocketHelper(async (c, events) => {
  if (c.req.header("Upgrade")?.toLowerCase() !== "websocket") return;
  const { 0: client, 1: server } = new WebSocketPair();
  accept(server, events);
  const init: ResponseInit & { webSocket: WebSocket } = { status: 101, webSocket: client };
  return new Response(null, init);
});

function accept(server: AcceptedSocket, events: WSEvents): void {
  const context = contextOf(server);
  server.addEventListener("message", (event) => events.onMessage?.(event, context));
  server.addEventListener("close", (event) => events.onClose?.(event, context));
  server.addEventListener("error", () => events.onClose?.(new CloseEvent("close"), context));
  server.accept();
  events.onOpen?.(new Event("open"), context);
}

function contextOf(server: AcceptedSocket): WSContext {
  return new WSContext({
    // A frame to a client that has just gone is lost, as on any other runtime: here `send` would throw.
    send: (text) => {
      if (server.readyState === WebSocket.OPEN) server.send(text);
    },
    close: (code, reason) => {
      if (server.readyState === WebSocket.OPEN) server.close(code, reason);
    },
    raw: server,
    get readyState() {
      return server.readyState as 0 | 1 | 2 | 3;
    },
  });
}
