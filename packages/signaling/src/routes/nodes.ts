import { DrainedBy, FairleadError, NODES_PER_PAGE, NodePath } from "@fairlead/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import * as z from "zod";
import { callerOf } from "../http/caller.ts";
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
import { askNodes, findNode, pageOfNodes } from "./find-nodes.ts";

type DrainOrder = { nodeId: string; by?: string | undefined; name: "node.drain" | "node.undrain" };

const common = { tags: ["nodes"], security: keyWith("admin") };
const readErrors = [...API_KEY_ERRORS, ...REGISTRY_ERRORS, "bus_disconnected"] as const;
const nodeErrors = [...readErrors, ...NODE_ERRORS, "node_not_found"] as const;

const DrainQuery = z.object({ by: DrainedBy.optional() });

const list = createRoute({
  ...common,
  method: "get",
  security: keyWith("admin", "read"),
  path: "/v1/nodes",
  operationId: "listNodes",
  summary: "List the living nodes",
  description:
    "Media nodes with each core's measured load and open debits, and processes that take RTMP in with what these carry (`kind`). In order of node id, in pages: give `cursor` of one page to get the next. While the " +
    'registry is away or has lost what it knew, the media nodes that answer on the bus, with `"source": "bus"` and without debits.',
  request: {
    query: z.object({
      limit: z.coerce.number().int().min(1).max(NODES_PER_PAGE).default(NODES_PER_PAGE),
      cursor: z.string().max(256).optional(),
    }),
  },
  responses: { 200: jsonOf(named.NodePage, "A page of nodes."), ...errorResponses(...readErrors) },
});

const read = createRoute({
  ...common,
  method: "get",
  security: keyWith("admin", "read"),
  path: "/v1/nodes/{node}",
  operationId: "readNode",
  summary: "Read a node",
  description: "The run that was heard of last, while a node is being replaced by another run of it.",
  request: { params: NodePath },
  responses: {
    200: jsonOf(named.NodeStatus, "The node."),
    ...errorResponses(...readErrors, "node_not_found"),
  },
});

const drain = createRoute({
  ...common,
  method: "post",
  path: "/v1/nodes/{node}/drain",
  operationId: "drainNode",
  summary: "Drain a node",
  description:
    "It takes no new rooms, and hands those that it has to other nodes at its own pace. One of the kind `live` takes no new encoders, and sends " +
    "those that it has away one by one, so that they connect again elsewhere. The process stays until it is told " +
    "to end. Draining twice is no error. A program that drains gives its name as `by`, and can end that drain alone; " +
    "one without a name, an operator's, takes its place.",
  request: { params: NodePath, query: DrainQuery },
  responses: {
    200: jsonOf(named.DrainAnswer, "It drains."),
    ...errorResponses(...nodeErrors, "frame_too_large"),
  },
});

const undrain = createRoute({
  ...common,
  method: "delete",
  path: "/v1/nodes/{node}/drain",
  operationId: "undrainNode",
  summary: "Stop draining a node",
  description:
    "It takes rooms, or encoders, again. Those that have left stay where they are. A node whose process is ending goes on draining. With `by`, " +
    "a drain that was asked for by another name, or by none, goes on.",
  request: { params: NodePath, query: DrainQuery },
  responses: {
    200: jsonOf(named.DrainAnswer, "It is ready, or it is ending and drains."),
    ...errorResponses(...nodeErrors, "frame_too_large"),
  },
});

export function addNodeRoutes(app: OpenAPIHono, shared: SignalingProcess): void {
  app.openapi(list, async (c) => {
    const { items, cursor, source } = await pageOfNodes(callerOf(shared, c), c.req.valid("query"));
    return c.json(
      { nodes: items, ...(cursor === undefined ? {} : { cursor }), ...(source ? { source } : {}) },
      200,
    );
  });

  app.openapi(read, async (c) => {
    const runs = await findNode(callerOf(shared, c), c.req.valid("param").node);
    const [newest] = runs.toSorted((a, b) => b.lastBeatMs - a.lastBeatMs);
    if (!newest) throw new FairleadError("node_not_found");
    return c.json(newest, 200);
  });

  const tell = async (c: Context, { nodeId, by, name }: DrainOrder) => {
    const request = callerOf(shared, c);
    const answers = await askNodes(request, await findNode(request, nodeId), name, { by });
    const replies = answers.flatMap(({ reply }) => reply ?? []);
    const [first] = replies;
    if (!first) throw new FairleadError("node_unreachable");
    request.log.info(name, { nodeId, by });
    const rooms = replies.reduce((sum, reply) => sum + reply.rooms, 0);
    return { nodeId, state: first.state, rooms, ...(first.by === undefined ? {} : { by: first.by }) };
  };
  app.openapi(drain, async (c) => {
    const order = { nodeId: c.req.valid("param").node, ...c.req.valid("query"), name: "node.drain" } as const;
    return c.json(await tell(c, order), 200);
  });
  app.openapi(undrain, async (c) => {
    const order = {
      nodeId: c.req.valid("param").node,
      ...c.req.valid("query"),
      name: "node.undrain",
    } as const;
    return c.json(await tell(c, order), 200);
  });
}
