import { capabilitiesOf } from "@fairlead/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { etag, RETAINED_304_HEADERS } from "hono/etag";
import { named } from "../openapi/components.ts";
import { errorResponses, jsonOf } from "../openapi/error-responses.ts";
import type { SignalingProcess } from "../signaling-process.ts";

/** A stale set does no harm for long: a join with it is refused with the fresh one. */
const CACHE_CONTROL = "public, max-age=3600, stale-while-revalidate=86400";

/** Browsers check these on a 304 too. */
const CORS_HEADERS = ["Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "X-Request-Id"];

const read = createRoute({
  method: "get",
  path: "/v1/capabilities",
  operationId: "readCapabilities",
  tags: ["sessions"],
  security: [],
  summary: "Read the media capabilities",
  description:
    "The codecs and header extensions that mediasoup-client loads its device with before it joins. The same for every node of the cluster; the ETag is the version.",
  responses: {
    200: jsonOf(named.Capabilities, "The capabilities and their version."),
    304: { description: "The set with the ETag of `If-None-Match` is still in force." },
    ...errorResponses(),
  },
});

export function addCapabilitiesRoute(app: OpenAPIHono, shared: SignalingProcess): void {
  const capabilities = capabilitiesOf(shared.codecPolicy);
  app.use(read.path, etag({ retainedHeaders: [...RETAINED_304_HEADERS, ...CORS_HEADERS] }));
  app.openapi(read, (c) => {
    c.header("ETag", `"${capabilities.version}"`);
    c.header("Cache-Control", CACHE_CONTROL);
    return c.json(capabilities, 200);
  });
}
