import {
  FRAME_LIMIT,
  PING_INTERVAL_MS,
  Position,
  SESSION_BODY_LIMIT_BYTES,
  SessionPath,
} from "@fairlead/protocol";
import { createRoute } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import * as z from "zod";
import { readBody } from "../http/read-body.ts";
import { named } from "../openapi/components.ts";
import { errorResponses, jsonOf, NODE_ERRORS, REGISTRY_ERRORS } from "../openapi/error-responses.ts";
import { EVENT_EXAMPLE } from "../openapi/examples.ts";
import { checkLength, checkVersion } from "../session/read-frame.ts";

const common = { tags: ["sessions"], security: [{ sessionTicket: [] }] };
const bearerErrors = ["session_invalid", "session_expired", "bus_disconnected"] as const;

/** Told before anything else about a join, as about a frame: another version's may look different. */
const checkJoin: MiddlewareHandler = async (c, next) => {
  checkLength(await readBody(c.req.text()));
  checkVersion(await c.req.json().catch(() => null));
  await next();
};

export const open = createRoute({
  method: "post",
  path: "/v1/sessions",
  operationId: "openSession",
  tags: ["sessions"],
  security: [],
  summary: "Join a room over HTTP",
  description:
    "The same as `join` on the WebSocket, for networks that let no WebSocket through. The client then reads `streamEvents` from " +
    "`position` on, within the grace time. Sent again with the same `joinId` it finds the session that the first one made.",
  middleware: [checkJoin],
  request: { body: { required: true, content: { "application/json": { schema: named.JoinRequest } } } },
  responses: {
    201: jsonOf(named.OpenedSession, "The session, and the ticket that proves it."),
    ...errorResponses(
      "ticket_invalid",
      "ticket_expired",
      "ticket_not_yet_valid",
      "ticket_unknown_key",
      "ticket_wrong_audience",
      "ticket_keys_unreachable",
      "protocol_unsupported",
      "capabilities_mismatch",
      "banned",
      "duplicate_identity",
      "room_full",
      "no_capacity",
      "core_full",
      "node_draining",
      "frame_too_large",
      "shutting_down",
      "signaling_full",
      ...REGISTRY_ERRORS,
      ...NODE_ERRORS,
    ),
  },
});

export const events = createRoute({
  ...common,
  method: "get",
  path: "/v1/sessions/{session}/events",
  operationId: "streamEvents",
  summary: "Follow a session's events",
  description:
    "Attaches to the session, like `resume` on the WebSocket: any older connection of it ends with `session_replaced`. Every " +
    "message is one `ServerFrame` as JSON. The first is `resumed` with a fresh session ticket, to be used from then on; what was " +
    `missed since \`Last-Event-ID\` follows. A \`pong\` comes every ${PING_INTERVAL_MS / 1_000} seconds. The stream ends after \`error\` and after \`moved\`; after any ` +
    "other end the client asks again, on any instance. Reading alone keeps no session alive: `sendFrames` does.",
  request: {
    params: SessionPath,
    headers: z.object({
      "last-event-id": Position,
    }),
    query: z.object({ takesSeveral: z.enum(["true", "false"]).optional() }),
  },
  responses: {
    200: {
      description:
        "Server-sent events. Those of the type `event` carry their position as id, those of the type `events`, which come only with " +
        "`takesSeveral=true`, that of their last event.",
      content: {
        "text/event-stream": {
          schema: z.string(),
          example: `id: ${EVENT_EXAMPLE.position}\ndata: ${JSON.stringify(EVENT_EXAMPLE)}\n\n`,
        },
      },
    },
    ...errorResponses(
      ...bearerErrors,
      "session_gone",
      "session_replaced",
      "session_left",
      "peer_removed",
      "room_closed",
      "too_many_frames",
      "shutting_down",
      "signaling_full",
      "method_not_allowed",
    ),
  },
});

export const send = createRoute({
  ...common,
  method: "post",
  path: "/v1/sessions/{session}/commands",
  operationId: "sendFrames",
  summary: "Send commands, acknowledgements and pings",
  description:
    "In order, from 1 to 50. Answers hold one `reply` to each command that was settled (one that is missing is sent again, with " +
    "its id: it acts once) and one `pong` to each `ping`. An `error` among them says that the session is over. Each request " +
    "proves that the client is there: without any for the grace time the session ends. A frame has at most " +
    `${FRAME_LIMIT} UTF-16 units, as on the WebSocket, and the body ${SESSION_BODY_LIMIT_BYTES} bytes.`,
  request: {
    params: SessionPath,
    body: { required: true, content: { "application/json": { schema: named.SessionFrames } } },
  },
  responses: {
    200: jsonOf(named.SessionReplies, "The answers."),
    ...errorResponses(...bearerErrors, "too_many_frames", "frame_too_large"),
  },
});

export const leave = createRoute({
  ...common,
  method: "delete",
  path: "/v1/sessions/{session}",
  operationId: "leaveSession",
  summary: "Leave",
  description:
    "Also by `fetch` with `keepalive` when a page is hidden. A session that is gone already is fine.",
  request: { params: SessionPath },
  responses: {
    204: { description: "It is gone." },
    ...errorResponses(
      ...bearerErrors,
      "session_replaced",
      "node_timeout",
      "too_many_frames",
      "frame_too_large",
    ),
  },
});
