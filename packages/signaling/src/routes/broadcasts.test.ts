import { callNode } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import {
  type Broadcast,
  BroadcastPage,
  type BroadcastRecord,
  BroadcastWithKey,
  FairleadError,
  hashStreamKey,
  RoomOptions,
} from "@fairlead/protocol";
import type { BroadcastWrite, Registry } from "@fairlead/registry";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { describe, expect, it } from "vitest";
import { API_KEY, type HttpSetup, refusalOf, setUpHttp } from "../testing/http-setup.ts";

const START = 1_800_000_000_000;

/** A signaling app whose clock and whose registry's are one, and a node. */
const setUp = async (given: Pick<HttpSetup, "rtmpUrl"> = {}) => {
  const clock = { nowMs: START };
  const now = () => clock.nowMs;
  const bus = createMemoryBus();
  const registry = createMemoryRegistry({ now });
  const parts = await setUpHttp(bus, registry, "https://meet.test/", { now, ...given });
  const { call, place, node } = parts;
  const create = async (body: object = {}, key?: string) =>
    BroadcastWithKey.parse(await (await call("POST", "/v1/broadcasts", body, bearer(key))).json());
  const read = async (id: string) => (await (await call("GET", `/v1/broadcasts/${id}`)).json()) as Broadcast;
  const recordOf = async (id: string) => (await registry.describeRoom(id))?.broadcast as BroadcastRecord;
  /** Its home opens it, and says this of it. */
  const serve = async (id: string, words: Partial<BroadcastRecord> = {}) => {
    const { lease } = await place(id);
    const write = async (changes: Partial<BroadcastRecord>) => {
      const known = await recordOf(id);
      const record = { ...known, ...changes, revision: known.revision + 1 };
      await registry.updateRoom(id, {
        broadcast: { write: record, ifRevision: known.revision, epoch: lease.epoch },
      });
    };
    await write(words);
    node.answer("broadcast.describe", async () => {
      const { keyHashes: _, ...record } = await recordOf(id);
      return { record, viewers: 7, peakViewers: 9, publisher: { kind: "whip", sinceMs: START } };
    });
    node.answer("broadcast.update", () => ({}));
    return { lease, write };
  };
  return { clock, bus, registry, create, read, recordOf, serve, ...parts };
};

const bearer = (key = API_KEY) => ({ Authorization: `Bearer ${key}` });

describe("broadcasts over HTTP", () => {
  it("are created with a stream key that is shown once, and of which the record has the hash", async () => {
    const { create, read, registry } = await setUp();
    const body = { broadcastId: "show", title: "Hello", visibility: "public", region: "eu", labels: ["gpu"] };
    const { streamKey, ...made } = await create(body);
    expect(made).toEqual({
      broadcastId: "show",
      title: "Hello",
      visibility: "public",
      startsAtMs: null,
      endsAtMs: null,
      maxViewers: null,
      graceMs: 30_000,
      state: "created",
      run: 0,
      createdAtMs: START,
      startedAtMs: null,
      interruptedAtMs: null,
      endedAtMs: null,
      viewers: 0,
      peakViewers: 0,
      publisher: null,
      urls: {
        whip: "https://meet.test/v1/broadcasts/show/whip",
        whep: "https://meet.test/v1/broadcasts/show/whep",
        hls: "https://meet.test/v1/broadcasts/show/hls",
      },
    });
    expect(streamKey).toMatch(/^show\.[\w-]{43}$/);
    const room = await registry.describeRoom("show");
    expect(room?.options).toMatchObject({ kind: "broadcast", region: "eu", labels: ["gpu"] });
    expect(room?.broadcast?.keyHashes).toEqual([await hashStreamKey(streamKey)]);
    expect(JSON.stringify(room)).not.toContain(streamKey.slice(5));
    expect(await read("show")).toEqual(made);
  });

  it("tell where encoders send by RTMP, where somebody takes it in", async () => {
    const { create, read } = await setUp({ rtmpUrl: "rtmp://live.test/live" });
    const { broadcastId } = await create();
    expect((await read(broadcastId)).urls.rtmp).toBe("rtmp://live.test/live");
    const follower = await setUp({ rtmpUrl: (apiUrl) => `rtmp://${new URL(apiUrl).hostname}/live` });
    expect((await follower.create()).urls.rtmp).toBe("rtmp://meet.test/live");
  });

  it("have an id of their own where none is given, and each id once", async () => {
    const { call, create, place } = await setUp();
    const [a, b] = [await create(), await create()];
    expect(a.broadcastId).not.toBe(b.broadcastId);
    const again = { broadcastId: a.broadcastId };
    expect(await refusalOf(await call("POST", "/v1/broadcasts", again))).toEqual([409, "broadcast_exists"]);
    await place("meeting");
    const running = { broadcastId: "meeting" };
    expect(await refusalOf(await call("POST", "/v1/broadcasts", running))).toEqual([409, "broadcast_exists"]);
  });

  it.each([
    [{ startsAtMs: START + 5, endsAtMs: START + 5 }],
    [{ endsAtMs: START }],
    [{ title: "x".repeat(201) }],
    [{ broadcastId: "a.b" }],
    [{ maxViewers: -1 }],
    [{ graceMs: 1e9 }],
    [{ visibility: "secret" }],
    [[]],
  ])("are refused with what makes no sense: %j", async (body) => {
    const { call } = await setUp();
    expect(await refusalOf(await call("POST", "/v1/broadcasts", body))).toEqual([400, "invalid_request"]);
    expect(await (await call("GET", "/v1/broadcasts")).json()).toEqual({ broadcasts: [] });
  });

  it("are read with what their home counts", async () => {
    const { create, serve, read, node } = await setUp();
    await create({ broadcastId: "show" });
    const { lease } = await serve("show", { state: "live", run: 5, startedAtMs: START });
    expect(await read("show")).toMatchObject({
      state: "live",
      run: 5,
      startedAtMs: START,
      viewers: 7,
      peakViewers: 9,
      publisher: { kind: "whip", sinceMs: START },
    });
    expect(node.callsTo("broadcast.describe")[0]?.request).toEqual({ roomId: "show", epoch: lease.epoch });
  });

  it("whose home is gone read interrupted, and ended after the grace time", async () => {
    const { create, serve, read, clock, registry, call } = await setUp();
    await create({ broadcastId: "show", graceMs: 10_000 });
    const { lease } = await serve("show", { state: "live", startedAtMs: START });
    await registry.removeNode(lease.incarnation);
    clock.nowMs += 10_000;
    const gone = { viewers: 0, publisher: null };
    expect(await read("show")).toMatchObject({ state: "interrupted", interruptedAtMs: START, ...gone });
    clock.nowMs += 1;
    expect(await read("show")).toMatchObject({ state: "ended", endedAtMs: START + 10_000, ...gone });
    expect(await refusalOf(await call("PATCH", "/v1/broadcasts/show", { title: "x" }))).toEqual([
      410,
      "broadcast_ended",
    ]);
  });

  it("are told by their home while the registry is away, or has lost them", async () => {
    const { create, serve, read, registry, node, call, bus, recordOf } = await setUp();
    await create({ broadcastId: "show", title: "Hello" });
    await serve("show", { state: "live" });
    await callNode(bus, node.incarnation, "room.claim", { roomId: "show" });
    const { keyHashes: _, ...record } = await recordOf("show");
    node.answer("broadcast.describe", () => ({ record, viewers: 7, peakViewers: 9, publisher: null }));
    for (const lost of [() => Promise.reject(new FairleadError("registry_unreachable")), async () => null]) {
      registry.describeRoom = lost;
      const told = await read("show");
      expect(told).toMatchObject({ title: "Hello", state: "live", viewers: 7, source: "bus" });
      expect(JSON.stringify(told)).not.toMatch(/keyHash|revision/);
    }
    // The registry will hear of it again: whoever writes comes again.
    const change = { title: "new" };
    expect(await refusalOf(await call("PATCH", "/v1/broadcasts/show", change))).toEqual([
      503,
      "registry_cold",
    ]);
    registry.describeRoom = () => Promise.reject(new FairleadError("registry_unreachable"));
    expect(await refusalOf(await call("PATCH", "/v1/broadcasts/show", change))).toEqual([
      503,
      "registry_unreachable",
    ]);
    node.kill();
    expect(await refusalOf(await call("GET", "/v1/broadcasts/show"))).toEqual([503, "registry_unreachable"]);
  });

  it("that nobody made are broadcast_not_found, and so are plain rooms", async () => {
    const { call, registry } = await setUp();
    await registry.updateRoom("plain", { options: RoomOptions.parse({ maxPeers: 3 }) });
    for (const id of ["none", "plain"])
      for (const [method, path, body] of [
        ["GET", "", undefined],
        ["PATCH", "", {}],
        ["POST", "/end", undefined],
        ["POST", "/key", undefined],
        ["DELETE", "", undefined],
      ] as const)
        expect(await refusalOf(await call(method, `/v1/broadcasts/${id}${path}`, body)), path).toEqual([
          404,
          "broadcast_not_found",
        ]);
  });

  it("are changed by what is given, and their home hears it", async () => {
    const { create, serve, call, node, recordOf } = await setUp();
    await create({ broadcastId: "show", title: "Hello", maxViewers: 5, startsAtMs: START + 60_000 });
    const { lease } = await serve("show");
    const answer = await call("PATCH", "/v1/broadcasts/show", { maxViewers: null, endsAtMs: START + 90_000 });
    expect(await answer.json()).toMatchObject({
      title: "Hello",
      maxViewers: null,
      endsAtMs: START + 90_000,
      viewers: 7,
    });
    const record = await recordOf("show");
    expect(record).toMatchObject({ title: "Hello", maxViewers: null });
    expect(node.callsTo("broadcast.update").map(({ request }) => request)).toEqual([
      { roomId: "show", epoch: lease.epoch, record },
    ]);
    for (const body of [{ endsAtMs: START + 60_000 }, { startsAtMs: START + 90_000 }, { endsAtMs: START }])
      expect(await refusalOf(await call("PATCH", "/v1/broadcasts/show", body))).toEqual([
        400,
        "invalid_request",
      ]);
    expect(await recordOf("show")).toEqual(record);
  });

  it("are changed although their home writes at the same time, which is kept", async () => {
    const { create, serve, call, registry, recordOf } = await setUp();
    await create({ broadcastId: "show" });
    const { write } = await serve("show", { state: "live" });
    meanwhile(registry, 3, (peakViewers) => write({ peakViewers }));
    expect((await call("PATCH", "/v1/broadcasts/show", { title: "new" })).status).toBe(200);
    expect(await recordOf("show")).toMatchObject({ title: "new", peakViewers: 3, state: "live" });
    meanwhile(registry, 9, (peakViewers) => write({ peakViewers }));
    expect(await refusalOf(await call("PATCH", "/v1/broadcasts/show", { title: "newer" }))).toEqual([
      409,
      "broadcast_conflict",
    ]);
  });

  it("are ended for good, and ending twice tells their home again", async () => {
    const { create, serve, call, node, clock, recordOf } = await setUp();
    await create({ broadcastId: "show" });
    await serve("show", { state: "live", peakViewers: 4 });
    clock.nowMs += 50;
    const end = () => call("POST", "/v1/broadcasts/show/end");
    node.refuseNext("broadcast.update", "node_timeout");
    expect(await refusalOf(await end())).toEqual([504, "node_timeout"]);
    clock.nowMs += 50;
    expect(await (await end()).json()).toMatchObject({
      state: "ended",
      endedAtMs: START + 50,
      peakViewers: 4,
      viewers: 0,
      publisher: null,
    });
    expect(node.callsTo("broadcast.update")).toHaveLength(2);
    expect(await recordOf("show")).toMatchObject({ state: "ended", endedAtMs: START + 50 });
    for (const [method, path] of [
      ["PATCH", ""],
      ["POST", "/key"],
    ] as const)
      expect(await refusalOf(await call(method, `/v1/broadcasts/show${path}`, {}))).toEqual([
        410,
        "broadcast_ended",
      ]);
  });

  it.each(["PATCH", "POST"] as const)(
    "are told to a home that the registry takes for dead, or the caller asks again: %s",
    async (method) => {
      const { create, serve, call, node, bus, registry, recordOf } = await setUp();
      await create({ broadcastId: "show" });
      const { lease } = await serve("show", { state: "live" });
      const { epoch } = await callNode(bus, node.incarnation, "room.claim", { roomId: "show" }).then(
        (claimed) => claimed.lease,
      );
      await registry.removeNode(lease.incarnation);
      const change = () =>
        method === "PATCH"
          ? call("PATCH", "/v1/broadcasts/show", { title: "new" })
          : call("POST", "/v1/broadcasts/show/end");
      node.refuseNext("room.owner", "node_timeout");
      expect(await refusalOf(await change())).toEqual([504, "node_timeout"]);
      expect(node.callsTo("broadcast.update")).toEqual([]);
      expect((await change()).status).toBe(200);
      const record = await recordOf("show");
      expect(node.callsTo("broadcast.update").map(({ request }) => request)).toEqual([
        { roomId: "show", epoch, record },
      ]);
    },
  );

  it("are deleted with their record, after their home was told of the end", async () => {
    const { create, serve, call, node, registry } = await setUp();
    await create({ broadcastId: "show" });
    const { write, lease } = await serve("show", { state: "live" });
    // Of the end its home writes the peak.
    node.answer("broadcast.update", async ({ record }) => {
      expect(record.state).toBe("ended");
      await write({ peakViewers: 9 });
      return {};
    });
    expect((await call("DELETE", "/v1/broadcasts/show")).status).toBe(204);
    expect((await registry.describeRoom("show"))?.broadcast).toBeUndefined();
    await registry.release(lease);
    expect(await registry.describeRoom("show")).toBeNull();
    expect(await refusalOf(await call("DELETE", "/v1/broadcasts/show"))).toEqual([
      404,
      "broadcast_not_found",
    ]);
  });

  it("have two valid keys while one is being rotated, and one where the old one is not to be kept", async () => {
    const { create, call, recordOf, node, serve } = await setUp();
    const first = (await create({ broadcastId: "show" })).streamKey;
    await serve("show");
    const rotate = async (body?: object) => {
      const answer = await call("POST", "/v1/broadcasts/show/key", body);
      return BroadcastWithKey.parse(await answer.json()).streamKey;
    };
    const hashes = async () => (await recordOf("show")).keyHashes;
    const second = await rotate();
    expect(await hashes()).toEqual(await Promise.all([second, first].map(hashStreamKey)));
    const third = await rotate({ keepOldKey: true });
    expect(await hashes()).toEqual(await Promise.all([third, second].map(hashStreamKey)));
    const fourth = await rotate({ keepOldKey: false });
    expect(await hashes()).toEqual([await hashStreamKey(fourth)]);
    expect(node.callsTo("broadcast.update")).toHaveLength(3);
    expect(JSON.stringify(node.calls)).not.toContain(fourth.slice(5));
  });

  it("are listed in pages, all or by state, as they read now", async () => {
    const { create, serve, registry, clock, call, place } = await setUp();
    for (const broadcastId of ["d", "b", "a", "c"]) await create({ broadcastId, graceMs: 1_000 });
    await place("another");
    for (const id of ["b", "c", "d"]) await serve(id, { state: "live" });
    const list = async (query = "") =>
      BroadcastPage.parse(await (await call("GET", `/v1/broadcasts?${query}`)).json());
    const first = await list("limit=3");
    expect(first.broadcasts.map(({ broadcastId, state }) => [broadcastId, state])).toEqual([
      ["a", "created"],
      ["b", "live"],
      ["c", "live"],
    ]);
    expect(first.broadcasts[0]).not.toHaveProperty("viewers");
    expect((await list(`limit=3&cursor=${first.cursor}`)).broadcasts).toMatchObject([{ broadcastId: "d" }]);
    expect((await list("state=live&limit=2")).broadcasts.map((each) => each.broadcastId)).toEqual(["b", "c"]);
    expect((await list("state=ended")).broadcasts).toEqual([]);
    await registry.removeNode("node-a-run");
    clock.nowMs += 1_001;
    registry.listNodes = async () => ({ items: [{} as never] });
    expect((await list("state=live")).broadcasts).toEqual([]);
    expect((await list()).broadcasts.map(({ state }) => state)).toEqual([
      "created",
      "ended",
      "ended",
      "ended",
    ]);
    expect(await refusalOf(await call("GET", "/v1/broadcasts?state=over"))).toEqual([400, "invalid_request"]);
  });

  it("stay broadcasts when the options of their room are written", async () => {
    const { create, call, registry } = await setUp();
    await create({ broadcastId: "show" });
    const written = await call("PUT", "/v1/rooms/show", { maxPeers: 4 });
    expect(await written.json()).toMatchObject({ options: { kind: "broadcast", maxPeers: 4 } });
    expect((await registry.describeRoom("show"))?.broadcast).toBeDefined();
  });
});

describe("an API key", () => {
  const setUpKeys = async () => {
    const parts = await setUp();
    const as = async (key: string, method: string, path: string, body?: unknown) => {
      const response = await parts.call(method, path, body, bearer(key));
      return response.ok ? response.status : refusalOf(response);
    };
    return { ...parts, as };
  };
  const refused = [403, "scope_missing"];
  const WRITES = [
    ["POST", "", {}],
    ["PATCH", "/acme-1", {}],
    ["POST", "/acme-1/key", {}],
    ["POST", "/acme-1/end", undefined],
    ["DELETE", "/acme-1", undefined],
  ] as const;

  it("with the scope `broadcasts` does all with these, `read` reads them, `rooms` and `tickets` see nothing", async () => {
    const { as } = await setUpKeys();
    expect(await as("key-of-broadcasts", "POST", "/v1/broadcasts", { broadcastId: "acme-1" })).toBe(201);
    for (const path of ["", "/acme-1"]) {
      expect(await as("key-of-readers", "GET", `/v1/broadcasts${path}`)).toBe(200);
      for (const key of ["key-of-rooms", "key-of-tickets"])
        expect(await as(key, "GET", `/v1/broadcasts${path}`)).toEqual(refused);
    }
    for (const [method, path, body] of WRITES)
      for (const key of ["key-of-readers", "key-of-rooms", "key-of-tickets"])
        expect(await as(key, method, `/v1/broadcasts${path}`, body), `${method} ${path}`).toEqual(refused);
    expect(await as("key-of-broadcasts", "GET", "/v1/rooms")).toEqual(refused);
    for (const [method, path, body] of WRITES.slice(1))
      expect(await as("key-of-broadcasts", method, `/v1/broadcasts${path}`, body)).toBeLessThan(300);
  });

  it("that is bound to a room prefix has broadcasts of it alone", async () => {
    const { as, create, call } = await setUpKeys();
    for (const broadcastId of ["acme-1", "other-1"]) await create({ broadcastId });
    const key = "key-of-acmes-admin";
    expect(await as(key, "POST", "/v1/broadcasts", { broadcastId: "other-2" })).toEqual(refused);
    expect((await create({}, key)).broadcastId).toMatch(/^acme-[\w-]{22}$/);
    for (const [method, path, body] of [["GET", "/acme-1", undefined], ...WRITES.slice(1)] as const)
      expect(await as(key, method, `/v1/broadcasts${path.replace("acme", "other")}`, body)).toEqual(refused);
    const listed = await (await call("GET", "/v1/broadcasts", undefined, bearer(key))).json();
    const ids = BroadcastPage.parse(listed).broadcasts.map(({ broadcastId }) => broadcastId);
    expect(ids).toHaveLength(2);
    expect(ids.every((id) => id.startsWith("acme-"))).toBe(true);
  });
});

/** Before each of the next writes of the API somebody else writes. */
function meanwhile(registry: Registry, times: number, write: (nth: number) => Promise<void>): void {
  const update = registry.updateRoom.bind(registry);
  let nth = 0;
  registry.updateRoom = async (roomId, patch) => {
    const isOfApi = patch.broadcast !== undefined && !isHomes(patch.broadcast);
    if (isOfApi && nth < times) {
      nth += 1;
      await write(nth);
    }
    return update(roomId, patch);
  };
}

const isHomes = ({ epoch }: BroadcastWrite) => epoch !== undefined;
