import { callNode } from "@fairlead/bus";
import { BanPath } from "@fairlead/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { SignalingContext } from "../context.ts";
import { errorResponses, ROOM_ERRORS } from "../openapi/error-responses.ts";
import { findRoom, unlessGone } from "./find-room.ts";

const lift = createRoute({
  tags: ["bans"],
  security: [{ apiKey: ["rooms"] }],
  method: "delete",
  path: "/v1/rooms/{room}/bans/{identity}",
  operationId: "liftBan",
  summary: "Lift the ban of an identity",
  description: "It may join again, also with a ticket that was banned with it.",
  request: { params: BanPath },
  responses: {
    204: { description: "The identity is not banned, or is not any more." },
    ...errorResponses(...ROOM_ERRORS),
  },
});

export function addBanRoutes(app: OpenAPIHono, { bus, registry, log }: SignalingContext): void {
  app.openapi(lift, async (c) => {
    const { room, identity } = c.req.valid("param");
    const { lease, roomId } = await findRoom(registry, room);
    await registry.updateRoom(roomId, { unban: { identity } });
    // The node that banned it knows without asking the record.
    if (lease)
      await unlessGone(
        callNode(bus, lease.incarnation, "peer.unban", { roomId, epoch: lease.epoch, identity }),
      );
    log.info("peer.unbanned", { roomId });
    return c.body(null, 204);
  });
}
