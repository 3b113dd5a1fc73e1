import { callNode } from "@fairlead/bus";
import { PeerPath, parse, RemoveRequest, RoomPath } from "@fairlead/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import * as z from "zod";
import { callerOf } from "../http/caller.ts";
import { takeEmptyBody } from "../http/read-body.ts";
import { named } from "../openapi/components.ts";
import { errorResponses, jsonOf, keyWith, ROOM_ERRORS } from "../openapi/error-responses.ts";
import type { SignalingProcess } from "../signaling-process.ts";
import { findLease } from "./find-room.ts";

const common = { tags: ["peers"], security: keyWith("rooms") };
const onePeerErrors = [...ROOM_ERRORS, "peer_not_found", "frame_too_large"] as const;

const list = createRoute({
  ...common,
  method: "get",
  security: keyWith("rooms", "read"),
  path: "/v1/rooms/{room}/peers",
  operationId: "listPeers",
  summary: "List the peers of a room",
  description: "In pages: give `cursor` of one page to get the next.",
  request: {
    params: RoomPath,
    query: z.object({ cursor: z.string().max(128).optional() }),
  },
  responses: { 200: jsonOf(named.PeerPage, "A page of peers."), ...errorResponses(...ROOM_ERRORS) },
});

const mute = createRoute({
  ...common,
  method: "post",
  path: "/v1/rooms/{room}/peers/{peer}/mute",
  operationId: "mutePeer",
  summary: "Mute or unmute a source of a peer",
  description: "Holds for the identity, also after it comes back, until it is unmuted.",
  request: {
    params: PeerPath,
    body: { required: true, content: { "application/json": { schema: named.MuteRequest } } },
  },
  responses: {
    204: { description: "Done." },
    ...errorResponses(...onePeerErrors, "too_many_mutes"),
  },
});

const remove = createRoute({
  ...common,
  method: "delete",
  path: "/v1/rooms/{room}/peers/{peer}",
  operationId: "removePeer",
  summary: "Remove a peer",
  description:
    "It is told `peer_removed`. By default neither its identity nor its ticket gets in again, until `liftBan`.",
  middleware: [takeEmptyBody],
  request: {
    params: PeerPath,
    body: { required: false, content: { "application/json": { schema: named.RemoveRequest } } },
  },
  responses: {
    204: { description: "Done." },
    ...errorResponses(...onePeerErrors, "too_many_bans"),
  },
});

export function addPeerRoutes(app: OpenAPIHono, shared: SignalingProcess): void {
  app.openapi(list, async (c) => {
    const { incarnation, roomId, epoch } = await findLease(callerOf(shared, c), c.req.valid("param").room);
    const request = { roomId, epoch, ...c.req.valid("query") };
    return c.json(await callNode(callerOf(shared, c).bus, incarnation, "room.peers", request), 200);
  });

  app.openapi(mute, async (c) => {
    const { room, peer: peerId } = c.req.valid("param");
    const { source, muted } = c.req.valid("json");
    const { incarnation, roomId, epoch } = await findLease(callerOf(shared, c), room);
    const request = { roomId, epoch, peerId, source, muted };
    const { bus, log } = callerOf(shared, c);
    await callNode(bus, incarnation, "peer.mute", request);
    log.info("peer.muted", { roomId, peerId, source, muted });
    return c.body(null, 204);
  });

  app.openapi(remove, async (c) => {
    const { room, peer: peerId } = c.req.valid("param");
    const { reason, ban } = parse(RemoveRequest, c.req.valid("json") ?? {});
    const { incarnation, roomId, epoch } = await findLease(callerOf(shared, c), room);
    const { bus, log } = callerOf(shared, c);
    await callNode(bus, incarnation, "peer.remove", { roomId, epoch, peerId, reason, ban });
    log.info("peer.removed", { roomId, peerId, ban });
    return c.body(null, 204);
  });
}
