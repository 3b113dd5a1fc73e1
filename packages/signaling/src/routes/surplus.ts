import { NodeId, parse, ReclaimRequest } from "@fairlead/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import * as z from "zod";
import type { SignalingContext } from "../context.ts";
import { forRequest } from "../http/for-request.ts";
import { takeEmptyBody } from "../http/take-empty-body.ts";
import { named } from "../openapi/components.ts";
import {
  API_KEY_ERRORS,
  errorResponses,
  jsonOf,
  NODE_ERRORS,
  REGISTRY_ERRORS,
} from "../openapi/error-responses.ts";
import { listSurplus } from "./list-surplus.ts";
import { reclaimSurplus } from "./reclaim-surplus.ts";

const common = { tags: ["surplus"], security: [{ apiKey: ["admin"] }] };
const errors = [...API_KEY_ERRORS, ...REGISTRY_ERRORS, ...NODE_ERRORS, "node_not_found"] as const;

const list = createRoute({
  ...common,
  method: "get",
  path: "/v1/surplus",
  operationId: "listSurplus",
  summary: "List media resources without an owner",
  description:
    "Of all nodes, or of one. In order of node id, in pages: give `cursor` of one page, and the same `node`, to get the next; " +
    "a page may be empty. Surplus is reclaimed by itself some time after `sinceMs`.",
  request: {
    query: z.object({ node: NodeId.optional(), cursor: z.string().max(512).optional() }),
  },
  responses: { 200: jsonOf(named.SurplusListing, "A page of surplus."), ...errorResponses(...errors) },
});

const reclaim = createRoute({
  ...common,
  method: "post",
  path: "/v1/surplus/reclaim",
  operationId: "reclaimSurplus",
  summary: "Free media resources without an owner",
  description:
    "Of all nodes, or of one; all that is surplus now, or those that are named. What is gone already, or has an owner, is " +
    "passed over, so that it can be asked twice.",
  middleware: [takeEmptyBody],
  request: {
    body: { required: false, content: { "application/json": { schema: named.ReclaimRequest } } },
  },
  responses: {
    200: jsonOf(named.ReclaimAnswer, "What was freed, and which nodes did not answer."),
    ...errorResponses(...errors, "frame_too_large"),
  },
});

export function addSurplusRoutes(app: OpenAPIHono, context: SignalingContext): void {
  app.openapi(list, async (c) =>
    c.json(await listSurplus(forRequest(context, c), c.req.valid("query")), 200),
  );
  app.openapi(reclaim, async (c) => {
    const request = parse(ReclaimRequest, c.req.valid("json") ?? {});
    return c.json(await reclaimSurplus(forRequest(context, c), request), 200);
  });
}
