import { FairleadError } from "@fairlead/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { WSContext, WSEvents } from "hono/ws";
import { refuseOrigins } from "../abuse/allow-origins.ts";
import { type Caller, socketCallerOf } from "../http/caller.ts";
import { identifyRequest } from "../http/middleware.ts";
import { errorResponses } from "../openapi/error-responses.ts";
import type { ClientChannel } from "../session/client-channel.ts";
import type { ClientConnection } from "../session/client-connection.ts";
import type { Clients } from "../session/clients.ts";
import { frameText } from "../session/frame-text.ts";
import type { SignalingProcess } from "../signaling-process.ts";

/**
 * RFC 6455 § 7.4.1. A browser sends it when a page goes to another one, is closed, or crashes: often the page itself had no time
 * left to say so.
 */
const GOING_AWAY = 1001;

const DESCRIPTION =
  "A WebSocket. Every text message is one frame, JSON: `ClientFrame` from the client, `ServerFrame` to it. The first is `join` " +
  "with a ticket, or `resume` with a session ticket, within 5 seconds. Refusals come as an `error` frame, after which the " +
  "socket closes if the code has a close code (`components.examples` names them all). After any other it stays open, for " +
  "another `join` when the code is `session_gone`. Whoever joins or resumes too often is answered up to a second later.";

const connect = createRoute({
  method: "get",
  path: "/v1/connect",
  operationId: "connect",
  tags: ["sessions"],
  security: [],
  summary: "Join a room over a WebSocket",
  description: DESCRIPTION,
  responses: {
    101: { description: "The connection is a WebSocket now." },
    ...errorResponses("shutting_down", "signaling_full", "websocket_unsupported"),
  },
});

/**
 * Adapts WebSockets to client connections.
 * Comes before any middleware that writes headers: an upgrade's response can't be changed on every runtime.
 */
export function addConnectRoute(app: OpenAPIHono, shared: SignalingProcess, clients: Clients): void {
  app.openAPIRegistry.registerPath(connect);
  app.get(
    connect.path,
    identifyRequest(),
    refuseOrigins(shared),
    async (_c, next) => {
      clients.refuseNewcomers();
      await next();
    },
    shared.upgradeWebSocket((c) => eventsOf(clients, socketCallerOf(shared, c))),
    (c) => {
      c.header("Upgrade", "websocket");
      throw new FairleadError("invalid_request", { message: "this is a WebSocket's address" });
    },
  );
}

function eventsOf(clients: Clients, caller: Caller): WSEvents {
  let client: ClientConnection | undefined;
  // Some runtimes never tell that a socket is open: its first message does then.
  const clientOf = (socket: WSContext) => {
    client ??= clients.accept(channelOf(socket), caller);
    return client;
  };
  return {
    onOpen: (_event, socket) => void clientOf(socket),
    onMessage: (event, socket) => clientOf(socket).receive(event.data),
    onClose: ({ code }) => client?.disconnected(code === GOING_AWAY),
    onError: () => client?.disconnected(),
  };
}

function channelOf(socket: WSContext): ClientChannel {
  return {
    isOneWay: false,
    send: (frame) => socket.send(frameText(frame)),
    close: (code, reason) => socket.close(code, reason),
    bufferedBytes: () => bufferedAmountOf(socket.raw),
  };
}

/** Every runtime's own WebSocket but that of Workers says how much it has yet to send. */
function bufferedAmountOf(raw: unknown): number {
  const isKnown = typeof raw === "object" && raw !== null && "bufferedAmount" in raw;
  return isKnown && typeof raw.bufferedAmount === "number" ? raw.bufferedAmount : 0;
}
