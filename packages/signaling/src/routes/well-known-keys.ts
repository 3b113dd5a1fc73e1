import { publicJwks } from "@fairlead/tickets";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { named } from "../openapi/components.ts";
import { errorResponses, jsonOf } from "../openapi/error-responses.ts";
import type { SignalingProcess } from "../signaling-process.ts";

/** A rotation waits this long between the publishing of a key and its first ticket. */
const CACHE_CONTROL = "public, max-age=300";

const read = createRoute({
  method: "get",
  path: "/.well-known/jwks.json",
  operationId: "readTicketKeys",
  tags: ["tickets"],
  security: [],
  summary: "Read the public keys of tickets",
  description:
    "A JWK Set (RFC 7517) with the public keys that this cluster signs and verifies tickets with. Symmetric keys, and the " +
    "keys that come from JWKS URLs of the operator's, are not in it.",
  responses: { 200: jsonOf(named.JwkSet, "The keys, the first one signs."), ...errorResponses() },
});

export function addWellKnownKeysRoute(app: OpenAPIHono, { ticketKeys }: SignalingProcess): void {
  const jwks = publicJwks(ticketKeys);
  app.openapi(read, (c) => {
    c.header("Cache-Control", CACHE_CONTROL);
    // Public, and read by pages too, which have no use for an allow-list here.
    c.header("Access-Control-Allow-Origin", "*");
    return c.json(jwks, 200);
  });
}
