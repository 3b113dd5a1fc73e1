import { callNode } from "@fairlead/bus";
import { BanPath } from "@fairlead/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { callerOf } from "../http/caller.ts";
import {
  API_KEY_ERRORS,
  errorResponses,
  keyWith,
  NODE_ERRORS,
  REGISTRY_ERRORS,
  ROOM_ERRORS,
} from "../openapi/error-responses.ts";
import type { SignalingProcess } from "../signaling-process.ts";
import { findRoom } from "./find-room.ts";

const BAN_ERRORS = [...API_KEY_ERRORS, ...REGISTRY_ERRORS, ...NODE_ERRORS] as const;
const common = { tags: ["bans"], security: keyWith("rooms") };

const impose = createRoute({
  ...common,
  method: "put",
  path: "/v1/rooms/{room}/bans/{identity}",
  operationId: "banIdentity",
  summary: "Ban an identity",
  description:
    "It is removed from the room, and does not get in until `liftBan`. The ban is in the room's record before anything else, " +
    "so it outlives the node, and may come before the room. An error of the node leaves it in force: ask again, so that no " +
    "peer of it stays.",
  request: { params: BanPath },
  responses: {
    204: { description: "The identity is banned, and no peer of it is in the room." },
    ...errorResponses(...BAN_ERRORS, "too_many_bans", "frame_too_large"),
  },
});

const lift = createRoute({
  ...common,
  method: "delete",
  path: "/v1/rooms/{room}/bans/{identity}",
  operationId: "liftBan",
  summary: "Lift the ban of an identity",
  description: "It may join again, also with a ticket that was banned with it.",
  request: { params: BanPath },
  responses: {
    204: { description: "The identity is not banned, or is not any more." },
    ...errorResponses(...ROOM_ERRORS, "frame_too_large"),
  },
});

export function addBanRoutes(app: OpenAPIHono, shared: SignalingProcess): void {
  const { registry } = shared;
  app.openapi(impose, async (c) => {
    const { room, identity } = c.req.valid("param");
    const { lease, roomId } = await registry.updateRoom(room, { ban: { identity } });
    const { bus, log } = callerOf(shared, c);
    if (lease) await callNode(bus, lease.incarnation, "peer.ban", { roomId, epoch: lease.epoch, identity });
    log.info("peer.banned", { roomId, identity });
    return c.body(null, 204);
  });

  app.openapi(lift, async (c) => {
    const { room, identity } = c.req.valid("param");
    const { lease, roomId } = await findRoom(shared, room);
    await registry.updateRoom(roomId, { unban: { identity } });
    // The node that banned it knows without asking the record.
    const { bus, log } = callerOf(shared, c);
    if (lease) await callNode(bus, lease.incarnation, "peer.unban", { roomId, identity });
    log.info("peer.unbanned", { roomId, identity });
    return c.body(null, 204);
  });
}
