import { BROADCASTS_PER_PAGE, BroadcastPath, BroadcastState } from "@fairlead/protocol";
import { createRoute } from "@hono/zod-openapi";
import * as z from "zod";
import { named } from "../openapi/components.ts";
import {
  API_KEY_ERRORS,
  errorResponses,
  jsonOf,
  keyWith,
  NODE_ERRORS,
  REGISTRY_ERRORS,
} from "../openapi/error-responses.ts";

const common = { tags: ["broadcasts"], security: keyWith("broadcasts") };
const reading = { ...common, security: keyWith("broadcasts", "read") };
const baseErrors = [...API_KEY_ERRORS, ...REGISTRY_ERRORS] as const;
const readErrors = [...baseErrors, ...NODE_ERRORS, "broadcast_not_found"] as const;
const writeErrors = [...readErrors, "broadcast_conflict", "frame_too_large"] as const;
const path = "/v1/broadcasts/{broadcast}";
const request = { params: BroadcastPath };

function bodyOf<S extends z.ZodType>(schema: S) {
  return { required: true, content: { "application/json": { schema } } };
}

export const list = createRoute({
  ...reading,
  method: "get",
  path: "/v1/broadcasts",
  operationId: "listBroadcasts",
  summary: "List broadcasts",
  description:
    "In order of id, in pages: give `cursor` of one page, and the same `state`, to get the next. With `state`, only those that are in it; " +
    "then a page may have few, or none, and still a next one. One that ended because its time or its home was over is in no list by state until " +
    "somebody has written its end. A key that is bound to a room prefix gets broadcasts of it. Viewers are counted by `readBroadcast`.",
  request: {
    query: z.object({
      state: BroadcastState.optional(),
      limit: z.coerce.number().int().min(1).max(100).default(BROADCASTS_PER_PAGE),
      cursor: z.string().max(128).optional(),
    }),
  },
  responses: { 200: jsonOf(named.BroadcastPage, "A page of broadcasts."), ...errorResponses(...baseErrors) },
});

export const create = createRoute({
  ...common,
  method: "post",
  path: "/v1/broadcasts",
  operationId: "createBroadcast",
  summary: "Create a broadcast",
  description:
    "Whoever has `streamKey`, which is shown this once, may publish. `broadcastId` is also the id of the room that it runs in: tickets are " +
    "issued for that room. Before `startsAtMs` what is published is a preview, which viewers don't see; at `endsAtMs` it ends by itself. " +
    "Refused with `broadcast_exists` where there is a broadcast of that id, or a room of that id runs.",
  request: { body: bodyOf(named.CreateBroadcast) },
  responses: {
    201: jsonOf(named.BroadcastWithKey, "The broadcast with its stream key."),
    ...errorResponses(...baseErrors, "broadcast_exists", "frame_too_large"),
  },
});

export const read = createRoute({
  ...reading,
  method: "get",
  path,
  operationId: "readBroadcast",
  summary: "Read a broadcast",
  description:
    "Its state, and what its home counts. A broadcast whose home has been dead for longer than `graceMs` reads `ended`. While the registry " +
    'is away or has lost it, its home is asked: then it says `"source": "bus"`.',
  request,
  responses: { 200: jsonOf(named.Broadcast, "The broadcast."), ...errorResponses(...readErrors) },
});

export const change = createRoute({
  ...common,
  method: "patch",
  path,
  operationId: "changeBroadcast",
  summary: "Change a broadcast",
  description:
    "What is left out stays. `maxViewers` counts for viewers that come from now on. An error of the node leaves the change in the record: ask again.",
  request: { ...request, body: bodyOf(named.ChangeBroadcast) },
  responses: {
    200: jsonOf(named.Broadcast, "The broadcast as it is now."),
    ...errorResponses(...writeErrors, "broadcast_ended"),
  },
});

export const end = createRoute({
  ...common,
  method: "post",
  path: `${path}/end`,
  operationId: "endBroadcast",
  summary: "End a broadcast",
  description:
    "For good: its publisher and its viewers are told `broadcast_ended`. An error of the node leaves the end in the record: ask again, so that nobody stays.",
  request,
  responses: {
    200: jsonOf(named.Broadcast, "The broadcast, which has ended, or had."),
    ...errorResponses(...writeErrors),
  },
});

export const remove = createRoute({
  ...common,
  method: "delete",
  path,
  operationId: "deleteBroadcast",
  summary: "Delete a broadcast",
  description:
    "Ends it as `endBroadcast` does. Of its record nothing is left but the bans and mutes of its room.",
  request,
  responses: {
    204: { description: "The broadcast is deleted." },
    ...errorResponses(...writeErrors),
  },
});

export const rotateKey = createRoute({
  ...common,
  method: "post",
  path: `${path}/key`,
  operationId: "rotateStreamKey",
  summary: "Make a new stream key",
  description:
    "Shown this once. The key before goes on being valid until the next rotation, so that the encoder can be set at leisure; with " +
    "`keepOldKey: false` no other key is valid from now on. Whoever publishes already goes on.",
  request: { ...request, body: { content: { "application/json": { schema: named.RotateKey } } } },
  responses: {
    200: jsonOf(named.BroadcastWithKey, "The broadcast with its new stream key."),
    ...errorResponses(...writeErrors, "broadcast_ended"),
  },
});
