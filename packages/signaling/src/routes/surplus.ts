import { NodeId, parse, ReclaimRequest } from "@fairlead/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import * as z from "zod";
import { callerOf } from "../http/caller.ts";
import { takeEmptyBody } from "../http/read-body.ts";
import { named } from "../openapi/components.ts";
import {
  API_KEY_ERRORS,
  errorResponses,
  jsonOf,
  keyWith,
  NODE_ERRORS,
  REGISTRY_ERRORS,
} from "../openapi/error-responses.ts";
import type { SignalingProcess } from "../signaling-process.ts";
import { listSurplus } from "./list-surplus.ts";
import { reclaimSurplus } from "./reclaim-surplus.ts";

const common = { tags: ["surplus"], security: keyWith("admin") };
const errors = [...API_KEY_ERRORS, ...REGISTRY_ERRORS, ...NODE_ERRORS, "node_not_found"] as const;

const list = createRoute({
  ...common,
  method: "get",
  security: keyWith("admin", "read"),
  path: "/v1/surplus",
  operationId: "listSurplus",
  summary: "List media resources without an owner",
  description:
    "Of all nodes, or of one; programs that work for nobody stand in `processes`. In order of node id, in pages: give `cursor` of one page, and the same `node`, to get the next; " +
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
    "Of all nodes, or of one; all that is surplus now, or those that are named. A resource that is gone already, or has an owner, is " +
    "passed over, so that it can be asked twice.",
  middleware: [takeEmptyBody],
  request: {
    body: { required: false, content: { "application/json": { schema: named.ReclaimRequest } } },
  },
  responses: {
    200: jsonOf(named.ReclaimAnswer, "How many were freed, and which nodes did not answer."),
    ...errorResponses(...errors, "frame_too_large"),
  },
});

export function addSurplusRoutes(app: OpenAPIHono, shared: SignalingProcess): void {
  app.openapi(list, async (c) => c.json(await listSurplus(callerOf(shared, c), c.req.valid("query")), 200));
  app.openapi(reclaim, async (c) => {
    const request = parse(ReclaimRequest, c.req.valid("json") ?? {});
    return c.json(await reclaimSurplus(callerOf(shared, c), request), 200);
  });
}
