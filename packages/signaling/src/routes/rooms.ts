import { type Bus, callNode } from "@fairlead/bus";
import { FairleadError, type Lease, NodeId, type RoomOptions, RoomPath } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import * as z from "zod";
import { usedKey } from "../http/api-key.ts";
import { callerOf } from "../http/caller.ts";
import { named } from "../openapi/components.ts";
import {
  API_KEY_ERRORS,
  errorResponses,
  jsonOf,
  keyWith,
  NODE_ERRORS,
  REGISTRY_ERRORS,
  ROOM_ERRORS,
} from "../openapi/error-responses.ts";
import type { SignalingProcess } from "../signaling-process.ts";
import { knowsNodes } from "./find-nodes.ts";
import { findRoom, readRoom, toSummary, unlessGone } from "./find-room.ts";
import { pageOfRooms } from "./page-of-rooms.ts";

const common = { tags: ["rooms"], security: keyWith("rooms") };
const baseErrors = [...API_KEY_ERRORS, ...REGISTRY_ERRORS] as const;
const PAGE_SIZE = 50;

const list = createRoute({
  ...common,
  method: "get",
  security: keyWith("rooms", "read"),
  path: "/v1/rooms",
  operationId: "listRooms",
  summary: "List rooms",
  description:
    "In order of room id, in pages: give `cursor` of one page, and the same `node`, to get the next. With `node`, only rooms " +
    "that run there; then a page may have few rooms, or none, and still a next one. A key that is bound to a room prefix gets rooms of it.",
  request: {
    query: z.object({
      node: NodeId.optional(),
      limit: z.coerce.number().int().min(1).max(100).default(PAGE_SIZE),
      cursor: z.string().max(128).optional(),
    }),
  },
  responses: { 200: jsonOf(named.RoomPage, "A page of rooms."), ...errorResponses(...baseErrors) },
});

const read = createRoute({
  ...common,
  method: "get",
  security: keyWith("rooms", "read"),
  path: "/v1/rooms/{room}",
  operationId: "readRoom",
  summary: "Read a room",
  description:
    "Where it runs and under which epoch; why there (`decision`: what was chosen from, with which loads, and when); and what " +
    'its node counts in it. While the registry is away or has lost it, its node is asked: then it says `"source": "bus"`, and not why.',
  request: { params: RoomPath },
  responses: {
    200: jsonOf(named.RoomDetail, "The room."),
    ...errorResponses(...ROOM_ERRORS),
  },
});

const write = createRoute({
  ...common,
  method: "put",
  path: "/v1/rooms/{room}",
  operationId: "writeRoom",
  summary: "Create a room with options, or change them",
  description:
    "Rooms come into being with their first peer; this is for options other than the defaults: how many peers, and which " +
    "node a room may run on (`region`, `labels`, `nodeId`). Options of a running room count for peers that join from now on; the room stays where it runs. " +
    "An error of the node leaves them in the record: ask again. Of a broadcast's room `kind` stays `broadcast`.",
  request: {
    params: RoomPath,
    body: { required: true, content: { "application/json": { schema: named.RoomOptions } } },
  },
  responses: {
    200: jsonOf(named.RoomSummary, "The room with its options."),
    ...errorResponses(...baseErrors, ...NODE_ERRORS, "frame_too_large"),
  },
});

const close = createRoute({
  ...common,
  method: "delete",
  path: "/v1/rooms/{room}",
  operationId: "closeRoom",
  summary: "Close a room",
  description: "Every peer is told `room_closed`. Its options, bans and mutes stay.",
  request: { params: RoomPath },
  responses: {
    204: { description: "The room is closed, or was." },
    ...errorResponses(...ROOM_ERRORS, "frame_too_large"),
  },
});

export function addRoomRoutes(app: OpenAPIHono, shared: SignalingProcess): void {
  const { registry } = shared;
  app.openapi(list, async (c) => {
    const query = { ...c.req.valid("query"), roomPrefix: usedKey(c)?.roomPrefix };
    const { items, cursor } = await pageOfRooms((page) => registry.listRooms(page), query);
    if (items.length === 0 && !(await knowsNodes(shared))) throw new FairleadError("registry_cold");
    return c.json({ rooms: items.map(toSummary), ...(cursor === undefined ? {} : { cursor }) }, 200);
  });

  app.openapi(read, async (c) => {
    const caller = callerOf(shared, c);
    const record = await readRoom(caller, c.req.valid("param").room);
    const { lease, roomId } = record;
    const counts =
      lease &&
      (await unlessGone(
        callNode(caller.bus, lease.incarnation, "room.describe", {
          roomId,
          epoch: lease.epoch,
        }),
      ));
    return c.json(
      { ...toSummary(record), ...(counts ?? { peers: 0, producers: 0, consumers: 0, viewers: 0 }) },
      200,
    );
  });

  app.openapi(write, async (c) => {
    const { room } = c.req.valid("param");
    const options = await keepKind(registry, room, c.req.valid("json"));
    const record = await registry.updateRoom(room, { options });
    const { bus, log } = callerOf(shared, c);
    log.info("room.options_written", { roomId: record.roomId });
    if (record.lease) await unlessGone(setOptions(bus, record.lease, options));
    return c.json(toSummary(record), 200);
  });

  app.openapi(close, async (c) => {
    const { lease, roomId } = await findRoom(shared, c.req.valid("param").room);
    const { bus, log } = callerOf(shared, c);
    if (lease)
      await unlessGone(callNode(bus, lease.incarnation, "room.close", { roomId, epoch: lease.epoch }));
    log.info("room.close_requested", { roomId });
    return c.body(null, 204);
  });
}

/** A broadcast's room stays one. */
async function keepKind(registry: Registry, roomId: string, options: RoomOptions): Promise<RoomOptions> {
  const isBroadcast = (await registry.describeRoom(roomId))?.broadcast !== undefined;
  return isBroadcast ? { ...options, kind: "broadcast" } : options;
}

/** A node that is older than this call goes on with what it has. */
async function setOptions(bus: Bus, { incarnation, roomId, epoch }: Lease, options: RoomOptions) {
  try {
    await callNode(bus, incarnation, "room.set_options", { roomId, epoch, options });
  } catch (error) {
    const isOlder = error instanceof FairleadError && error.code === "unknown_command";
    if (!isOlder) throw error;
  }
}
