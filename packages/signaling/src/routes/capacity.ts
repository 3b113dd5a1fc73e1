import { FairleadError, GroupName } from "@fairlead/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import * as z from "zod";
import { named } from "../openapi/components.ts";
import {
  API_KEY_ERRORS,
  errorResponses,
  jsonOf,
  keyWith,
  REGISTRY_ERRORS,
} from "../openapi/error-responses.ts";
import { askRegistry } from "../placement/ask-registry.ts";
import type { SignalingProcess } from "../signaling-process.ts";

const read = createRoute({
  tags: ["nodes"],
  method: "get",
  security: keyWith("admin", "read"),
  path: "/v1/capacity",
  operationId: "readCapacity",
  summary: "Read what groups of nodes carry and want",
  description:
    "For autoscalers. Every signaling process answers alike. `neededNodes` is for those that empty a node before it goes, `wantedNodes` for those " +
    "that can't choose which one goes. Refused with status 503, and never answered with an empty list, while the registry is away, has not heard all " +
    "nodes, or knows of none in the group: then leave everything as it is.",
  request: { query: z.object({ group: GroupName.optional() }) },
  responses: {
    200: jsonOf(named.CapacityAnswer, "Groups in order of name, or the one that was asked for."),
    ...errorResponses(...API_KEY_ERRORS, ...REGISTRY_ERRORS),
  },
});

export function addCapacityRoute(app: OpenAPIHono, shared: SignalingProcess): void {
  app.openapi(read, async (c) => {
    const { group } = c.req.valid("query");
    const all = await askRegistry(shared, [], () => shared.registry.listGroups());
    const groups = all.filter((each) => group === undefined || each.group === group);
    if (groups.length === 0)
      throw new FairleadError("registry_cold", { message: `no node is known in the group ${group}` });
    return c.json({ groups }, 200);
  });
}
