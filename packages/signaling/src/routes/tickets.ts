import { FairleadError, RoomPath } from "@fairlead/protocol";
import { issueTicket } from "@fairlead/tickets";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { originOf } from "../abuse/client-address.ts";
import { callerOf } from "../http/caller.ts";
import { named } from "../openapi/components.ts";
import { API_KEY_ERRORS, errorResponses, jsonOf, keyWith } from "../openapi/error-responses.ts";
import type { SignalingProcess } from "../signaling-process.ts";

const issue = createRoute({
  method: "post",
  path: "/v1/rooms/{room}/tickets",
  operationId: "issueTicket",
  tags: ["tickets"],
  summary: "Issue a ticket",
  description:
    "Signs a ticket that admits one identity to one room. Hand `url` and `ticket` to the browser's `joinRoom`. " +
    "`expiresAt` and `notBefore` are seconds since 1970. The room need not exist. With the role `viewer` it admits to a broadcast, to watch it " +
    "and no more: `grants` count for nothing then, and nobody in the room hears of the viewer. " +
    "Refused with `ticket_signer_missing` where the app signs all tickets itself.",
  security: keyWith("tickets"),
  request: {
    params: RoomPath,
    body: { required: true, content: { "application/json": { schema: named.TicketRequest } } },
  },
  responses: {
    201: jsonOf(named.TicketAnswer, "The ticket."),
    ...errorResponses(...API_KEY_ERRORS, "frame_too_large", "ticket_signer_missing"),
  },
});

export function addTicketRoutes(app: OpenAPIHono, shared: SignalingProcess): void {
  const { ticketKeys, issuer, now, random, publicUrl } = shared;
  app.openapi(issue, async (c) => {
    if (!ticketKeys.signer) throw new FairleadError("ticket_signer_missing");
    const { room } = c.req.valid("param");
    const input = { ...c.req.valid("json"), room };
    const { ticket, claims } = await issueTicket(ticketKeys, input, { issuer, now, random });
    callerOf(shared, c).log.debug("ticket.issued", {
      roomId: room,
      identity: claims.sub,
      ticketId: claims.jti,
    });
    return c.json({ ticket, url: publicUrl ?? originOf(c, shared), expiresAt: claims.exp }, 201);
  });
}
