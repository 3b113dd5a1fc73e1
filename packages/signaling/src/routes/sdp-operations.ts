import {
  BroadcastPath,
  type ErrorCode,
  Incarnation,
  RoomId,
  SDP_LIMIT_BYTES,
  SessionId,
} from "@fairlead/protocol";
import { createRoute } from "@hono/zod-openapi";
import * as z from "zod";
import { SDP, SDP_FRAGMENT } from "../http/sdp-paths.ts";
import { errorResponses, NODE_ERRORS, REGISTRY_ERRORS } from "../openapi/error-responses.ts";

/** Publishing by WHIP (RFC 9725), watching by WHEP (draft-ietf-wish-whep). */
export type SdpKind = "whip" | "whep";

const SdpSessionPath = z.object({ broadcast: RoomId, incarnation: Incarnation, session: SessionId });

const SDP_EXAMPLE =
  "v=0\r\no=- 5228595038118931041 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n…";
const FRAGMENT_EXAMPLE =
  "a=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n…";

const requestOf = (type: string, example: string) => ({
  required: true,
  content: { [type]: { schema: z.string().min(1).max(SDP_LIMIT_BYTES), example } },
});
const answerOf = (type: string, description: string, example: string) => ({
  description,
  content: { [type]: { schema: z.string(), example } },
});

const OPEN_ERRORS: readonly ErrorCode[] = [
  "unsupported_media_type",
  "not_acceptable",
  "sdp_unprocessable",
  "broadcast_not_found",
  "broadcast_ended",
  "hook_refused",
  "hook_unreachable",
  "banned",
  "no_capacity",
  "core_full",
  "node_draining",
  "signaling_full",
  "frame_too_large",
  ...REGISTRY_ERRORS,
  ...NODE_ERRORS,
];
const PUBLISH_ERRORS: readonly ErrorCode[] = [...OPEN_ERRORS, "stream_key_invalid", "publisher_active"];
export const WATCH_ERRORS: readonly ErrorCode[] = [
  ...OPEN_ERRORS,
  "broadcast_not_live",
  "viewer_limit",
  "ticket_invalid",
  "ticket_expired",
  "ticket_not_yet_valid",
  "ticket_unknown_key",
  "ticket_wrong_audience",
  "ticket_wrong_room",
  "ticket_keys_unreachable",
];

type Security = { tags: string[]; security: Record<string, string[]>[] };
const ofWhip: Security = { tags: ["broadcasts"], security: [{ streamKey: [] }] };
/** Without a ticket where the broadcast is public. */
export const OF_VIEWERS: Security = { tags: ["broadcasts"], security: [{ viewerTicket: [] }, {}] };

const publishing = {
  ...ofWhip,
  method: "post" as const,
  responses: {
    201: answerOf(SDP, "The session, whose answer has all of the node's candidates.", SDP_EXAMPLE),
    ...errorResponses(...PUBLISH_ERRORS),
  },
};

export const publishByKey = createRoute({
  ...publishing,
  path: "/v1/whip",
  operationId: "publishByKey",
  summary: "Publish by WHIP to the broadcast of the stream key",
  description:
    "RFC 9725, for programs that ask for a URL and a bearer token, as OBS does. The newest publisher takes over, unless media of the one before came " +
    "within the last two seconds (`publisher_active`). No redirects are answered.",
  request: { body: requestOf(SDP, SDP_EXAMPLE) },
});

export const publish = createRoute({
  ...publishing,
  path: "/v1/broadcasts/{broadcast}/whip",
  operationId: "publishByWhip",
  summary: "Publish by WHIP",
  description: "RFC 9725. The stream key must be this broadcast's.",
  request: { params: BroadcastPath, body: requestOf(SDP, SDP_EXAMPLE) },
});

export const watch = createRoute({
  ...OF_VIEWERS,
  method: "post",
  path: "/v1/broadcasts/{broadcast}/whep",
  operationId: "watchByWhep",
  summary: "Watch by WHEP",
  description:
    "By draft-ietf-wish-whep. A private broadcast needs a viewer's ticket. Before the start, and while the publisher is away, the answer is " +
    "`broadcast_not_live` with `Retry-After`. A session ends with its publisher: ask for another one then.",
  request: { params: BroadcastPath, body: requestOf(SDP, SDP_EXAMPLE) },
  responses: {
    201: answerOf(SDP, "The session, whose answer has all of the node's candidates.", SDP_EXAMPLE),
    ...errorResponses(...WATCH_ERRORS),
  },
});

const nothing = { 204: { description: "Nothing: there is no representation (RFC 9725 § 4.1)." } };

/** Of endpoints, by the path of the operation that opens sessions there. */
export const readEndpoint = (path: string, operationId: string, hasPath: boolean) =>
  createRoute({
    method: "get",
    path,
    operationId,
    tags: ["broadcasts"],
    security: [],
    summary: "Say that the endpoint is there",
    description: "By `OPTIONS` it says what it takes, in `Accept-Post`.",
    request: hasPath ? { params: BroadcastPath } : {},
    responses: { ...nothing, ...errorResponses() },
  });

const IN_KIND = { whip: "Whip", whep: "Whep" } as const;
const SESSION_ERRORS: readonly ErrorCode[] = [
  "sdp_session_not_found",
  "frame_too_large",
  "node_unreachable",
  "node_timeout",
  "bus_disconnected",
];

/** Operations on the session that `Location` names. One call to its node, without the registry. */
export function sessionOperations(kind: SdpKind) {
  const common = {
    ...(kind === "whip" ? ofWhip : OF_VIEWERS),
    path: `/v1/broadcasts/{broadcast}/${kind}/{incarnation}/{session}`,
  };
  const ofKind = kind === "whip" ? (["stream_key_invalid"] as const) : [];
  const patch = createRoute({
    ...common,
    method: "patch",
    operationId: `patch${IN_KIND[kind]}Session`,
    summary: "Trickle ICE, or restart it",
    description:
      "RFC 9725 § 4.3. With `If-Match` of the session's ETag the fragment's candidates are added; with another `ice-ufrag` and `If-Match: *` ICE is " +
      "restarted. A restart that fails leaves the session as it is. The bearer token must be the one that the session was opened with, if any was.",
    request: {
      params: SdpSessionPath,
      headers: z.object({ "if-match": z.string().max(256).optional() }),
      body: requestOf(SDP_FRAGMENT, FRAGMENT_EXAMPLE),
    },
    responses: {
      200: answerOf(
        SDP_FRAGMENT,
        "ICE was restarted: the node's new credentials, and its candidates.",
        FRAGMENT_EXAMPLE,
      ),
      204: { description: "The candidates are taken." },
      ...errorResponses(
        ...SESSION_ERRORS,
        ...ofKind,
        "unsupported_media_type",
        "sdp_unprocessable",
        "precondition_required",
        "precondition_failed",
      ),
    },
  });
  const end = createRoute({
    ...common,
    method: "delete",
    operationId: `end${IN_KIND[kind]}Session`,
    summary: "End the session",
    description:
      "An `If-Match` counts for nothing here. The bearer token must be the one that the session was opened with, if any was.",
    request: { params: SdpSessionPath },
    responses: {
      204: { description: "It is gone, and all that it had." },
      ...errorResponses(...SESSION_ERRORS, ...ofKind),
    },
  });
  const read = createRoute({
    ...common,
    security: [],
    method: "get",
    operationId: `read${IN_KIND[kind]}Session`,
    summary: "Nothing to read",
    description:
      "Says nothing of whether the session is there. By `OPTIONS` it says what it takes, in `Accept-Patch`.",
    request: { params: SdpSessionPath },
    responses: { ...nothing, ...errorResponses() },
  });
  return { patch, end, read };
}
