import { EgressPath, type ErrorCode, IngestPath, RoomPath } from "@fairlead/protocol";
import { createRoute } from "@hono/zod-openapi";
import type * as z from "zod";
import { named } from "../openapi/components.ts";
import { errorResponses, jsonOf, keyWith, ROOM_ERRORS } from "../openapi/error-responses.ts";

const common = { tags: ["rtp"], security: keyWith("rooms") };
const reading = { ...common, security: keyWith("rooms", "read") };

/** `no_capacity`: no port is free, or the room's node is of an older build. */
const errors: readonly ErrorCode[] = [...ROOM_ERRORS, "no_capacity"];
const openErrors: readonly ErrorCode[] = [...errors, "rtp_refused", "rtp_limit", "frame_too_large"];

function bodyOf<S extends z.ZodType>(schema: S) {
  return { required: true, content: { "application/json": { schema } } };
}

export const openIngest = createRoute({
  ...common,
  method: "post",
  path: "/v1/rooms/{room}/ingests",
  operationId: "openIngest",
  summary: "Take RTP of an encoder into a room",
  description:
    "The answer says where the encoder sends each track, with which payload type and SSRC, and the keys of SRTP, which are shown this once. " +
    "The room's peers see a publisher, whose id is `peerId`; a room that nobody is in is opened. In a broadcast's room it is the broadcast's publisher, as " +
    "one by WHIP is. With `senderAddress` nothing is taken from elsewhere; that address must be in the node's `FAIRLEAD_RTP_NETWORKS`, and " +
    "without encryption the node must have a `FAIRLEAD_RTP_IP`. An ingest is for one run of an encoder, and gone after 30 seconds without media. It lives at the room's " +
    "home: when the room moves or its node dies it is gone too, and has to be opened anew.",
  request: { params: RoomPath, body: bodyOf(named.CreateIngest) },
  responses: {
    201: jsonOf(named.IngestWithKeys, "The ingest, with its keys."),
    ...errorResponses(
      ...openErrors,
      ...(["banned", "muted_by_moderator", "media_rejected", "core_full", "node_draining"] as const),
      ...(["broadcast_ended", "publisher_active", "hook_refused", "hook_unreachable"] as const),
    ),
  },
});

export const listIngests = createRoute({
  ...reading,
  method: "get",
  path: "/v1/rooms/{room}/ingests",
  operationId: "listIngests",
  summary: "List the ingests of a room",
  description: "Those by RTP, without their keys. A room has 8 of them at most.",
  request: { params: RoomPath },
  responses: { 200: jsonOf(named.IngestList, "The ingests."), ...errorResponses(...errors) },
});

export const readIngest = createRoute({
  ...reading,
  method: "get",
  path: "/v1/rooms/{room}/ingests/{ingest}",
  operationId: "readIngest",
  summary: "Read an ingest",
  description:
    "When its media came last, in `mediaAtMs`. `ingest_not_found` or `room_not_found`: it is gone, with its room's place perhaps; open another one.",
  request: { params: IngestPath },
  responses: {
    200: jsonOf(named.Ingest, "The ingest."),
    ...errorResponses(...errors, "ingest_not_found"),
  },
});

export const closeIngest = createRoute({
  ...common,
  method: "delete",
  path: "/v1/rooms/{room}/ingests/{ingest}",
  operationId: "closeIngest",
  summary: "Close an ingest",
  description: "Its publisher leaves the room, and its ports are free.",
  request: { params: IngestPath },
  responses: {
    204: { description: "It is gone." },
    ...errorResponses(...errors, "ingest_not_found", "frame_too_large"),
  },
});

export const openEgress = createRoute({
  ...common,
  method: "post",
  path: "/v1/rooms/{room}/egresses",
  operationId: "openEgress",
  summary: "Send media of a room to a recorder by RTP",
  description:
    "Media of one peer or publisher, without being decoded: the answer has an SDP for each track, which ffmpeg and GStreamer read, and which is shown this once. " +
    "`receiverAddress` must be in the node's `FAIRLEAD_RTP_NETWORKS`, which is empty by default; without encryption the node must have a `FAIRLEAD_RTP_IP`. " +
    "Each track has two ports, of RTP and RTCP, that follow one another from `receiverPort` on, pictures first. The publisher is asked for a key frame every 10 seconds, and when " +
    "the receiver asks by RTCP. An egress ends with the last of its tracks, with its room's place, after `ttlS`, or when it is closed; whether anybody " +
    "receives does not matter.",
  request: { params: RoomPath, body: bodyOf(named.CreateEgress) },
  responses: {
    201: jsonOf(named.EgressWithSdp, "The egress, with SDP and keys."),
    ...errorResponses(...openErrors, "peer_not_found", "producer_not_found"),
  },
});

export const listEgresses = createRoute({
  ...reading,
  method: "get",
  path: "/v1/rooms/{room}/egresses",
  operationId: "listEgresses",
  summary: "List the egresses of a room",
  description: "Without SDP and keys. A room has 8 of them at most.",
  request: { params: RoomPath },
  responses: { 200: jsonOf(named.EgressList, "The egresses."), ...errorResponses(...errors) },
});

export const readEgress = createRoute({
  ...reading,
  method: "get",
  path: "/v1/rooms/{room}/egresses/{egress}",
  operationId: "readEgress",
  summary: "Read an egress",
  description: "Answered with `egress_not_found` or `room_not_found` it is over, or its room's place is.",
  request: { params: EgressPath },
  responses: {
    200: jsonOf(named.Egress, "The egress."),
    ...errorResponses(...errors, "egress_not_found"),
  },
});

export const closeEgress = createRoute({
  ...common,
  method: "delete",
  path: "/v1/rooms/{room}/egresses/{egress}",
  operationId: "closeEgress",
  summary: "Close an egress",
  description: "Nothing more is sent.",
  request: { params: EgressPath },
  responses: {
    204: { description: "It is gone." },
    ...errorResponses(...errors, "egress_not_found", "frame_too_large"),
  },
});
