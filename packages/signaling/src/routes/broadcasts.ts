import {
  type BroadcastRecord,
  BroadcastSettings,
  type CreateBroadcast,
  FairleadError,
  hashStreamKey,
  makeStreamKey,
  RoomId,
  RoomOptions,
  RotateKey,
  randomId,
} from "@fairlead/protocol";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { toBroadcast, toListed } from "../broadcast/broadcast-answer.ts";
import {
  changeBroadcast,
  deleteBroadcast,
  endBroadcast,
  refuseEnded,
  refuseTimes,
} from "../broadcast/change-broadcast.ts";
import {
  type BroadcastRoom,
  describeBroadcast,
  type FoundBroadcast,
  homeOf,
  readBroadcast,
} from "../broadcast/find-broadcast.ts";
import { boundTo, usedKey } from "../http/api-key.ts";
import { callerOf } from "../http/caller.ts";
import { publicUrlOf } from "../http/public-url.ts";
import { takeEmptyBody } from "../http/read-body.ts";
import type { Random, SignalingProcess } from "../signaling-process.ts";
import { change, create, end, list, read, remove, rotateKey } from "./broadcast-operations.ts";
import { knowsNodes } from "./find-nodes.ts";
import { pageOfRooms } from "./page-of-rooms.ts";

export function addBroadcastRoutes(app: OpenAPIHono, shared: SignalingProcess): void {
  const { registry, now, random } = shared;
  const factsOf = (c: Context) => {
    const { rtmpUrl } = shared;
    const url = publicUrlOf(c, shared);
    return { nowMs: now(), url, rtmpUrl: typeof rtmpUrl === "function" ? rtmpUrl(url) : rtmpUrl };
  };
  const answer = (c: Context, found: FoundBroadcast) => toBroadcast(found, factsOf(c));
  const described = async (c: Context, room: BroadcastRoom) =>
    answer(c, await describeBroadcast(callerOf(shared, c), room));

  app.openapi(list, async (c) => {
    const { state, ...query } = c.req.valid("query");
    const roomPrefix = usedKey(c)?.roomPrefix;
    const { items, cursor } = await pageOfRooms(
      (page) => registry.listBroadcasts({ ...page, ...(state ? { state } : {}) }),
      { ...query, roomPrefix },
    );
    if (items.length === 0 && !(await knowsNodes(shared))) throw new FairleadError("registry_cold");
    const broadcasts = items.flatMap((room) =>
      room.broadcast ? [toListed(room.roomId, room.broadcast, homeOf(room), factsOf(c))] : [],
    );
    const listed = broadcasts.filter((each) => state === undefined || each.state === state);
    return c.json({ broadcasts: listed, ...(cursor === undefined ? {} : { cursor }) }, 200);
  });

  app.openapi(create, async (c) => {
    const body = c.req.valid("json");
    const roomId = idFor(body, usedKey(c)?.roomPrefix, random);
    refuseTimes(body, now());
    const streamKey = makeStreamKey(roomId, random);
    const write = newRecord(body, await hashStreamKey(streamKey), now());
    const { region, labels } = body;
    const options = RoomOptions.parse({
      kind: "broadcast",
      labels,
      ...(region === undefined ? {} : { region }),
    });
    await registry.updateRoom(roomId, { options, broadcast: { write, ifRevision: null } });
    callerOf(shared, c).log.info("broadcast.created", { roomId });
    const found = { roomId, record: write, home: { isServed: false, aliveAtMs: null }, counts: null };
    return c.json({ ...answer(c, found), streamKey }, 201);
  });

  app.openapi(read, async (c) =>
    c.json(answer(c, await readBroadcast(callerOf(shared, c), c.req.valid("param").broadcast)), 200),
  );

  app.openapi(change, async (c) => {
    const body = c.req.valid("json");
    const caller = callerOf(shared, c);
    const changed = await changeBroadcast(caller, c.req.valid("param").broadcast, (room) => {
      refuseEnded(room, now());
      refuseTimes({ ...room.broadcast, ...body }, now());
      return body;
    });
    caller.log.info("broadcast.changed", { roomId: changed.roomId });
    return c.json(await described(c, changed), 200);
  });

  app.openapi(end, async (c) => {
    const caller = callerOf(shared, c);
    const room = await endBroadcast(caller, c.req.valid("param").broadcast);
    const { roomId, broadcast: record } = room;
    caller.log.info("broadcast.end_requested", { roomId });
    return c.json(answer(c, { roomId, record, home: homeOf(room), counts: null }), 200);
  });

  app.openapi(remove, async (c) => {
    const caller = callerOf(shared, c);
    const roomId = c.req.valid("param").broadcast;
    await deleteBroadcast(caller, roomId);
    caller.log.info("broadcast.deleted", { roomId });
    return c.body(null, 204);
  });

  app.use(rotateKey.getRoutingPath(), takeEmptyBody);
  app.openapi(rotateKey, async (c) => {
    const { keepOldKey } = RotateKey.parse(c.req.valid("json") ?? {});
    const caller = callerOf(shared, c);
    const roomId = c.req.valid("param").broadcast;
    const streamKey = makeStreamKey(roomId, random);
    const keyHash = await hashStreamKey(streamKey);
    const changed = await changeBroadcast(caller, roomId, (room) => {
      refuseEnded(room, now());
      const [newest] = room.broadcast.keyHashes;
      return { keyHashes: keepOldKey && newest !== undefined ? [keyHash, newest] : [keyHash] };
    });
    caller.log.info("broadcast.key_rotated", { roomId, keepOldKey });
    return c.json({ ...(await described(c, changed)), streamKey }, 200);
  });
}

/** @throws {FairleadError} `scope_missing`: the key is bound to other rooms; `invalid_request`: its prefix leaves no room for an id. */
function idFor({ broadcastId }: CreateBroadcast, roomPrefix = "", random: Random): string {
  if (broadcastId?.startsWith(roomPrefix)) return broadcastId;
  if (broadcastId !== undefined) throw new FairleadError("scope_missing", boundTo(roomPrefix));
  const made = RoomId.safeParse(`${roomPrefix}${randomId(random)}`);
  if (made.success) return made.data;
  throw new FairleadError("invalid_request", {
    message: "broadcastId: needed, as the key's room prefix is long",
  });
}

/** Its revisions begin with the time: a change that was read of a broadcast deleted since fits none of the same id that was made anew. */
function newRecord(body: CreateBroadcast, keyHash: string, nowMs: number): BroadcastRecord {
  return {
    ...BroadcastSettings.parse(body),
    revision: nowMs,
    keyHashes: [keyHash],
    state: "created",
    run: 0,
    createdAtMs: nowMs,
    startedAtMs: null,
    interruptedAtMs: null,
    endedAtMs: null,
    peakViewers: 0,
  };
}
