import { serveSubject } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import {
  FairleadError,
  type LiveBeat,
  NodePage,
  NodeStatus,
  RoomDetail,
  RoomOptions,
  SurplusListing,
  subjects,
} from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { describe, expect, it } from "vitest";
import { refusalOf, setUpHttp } from "../testing/http-setup.ts";
import { startScriptedNode } from "../testing/scripted-node.ts";

const DESCRIPTION = {
  nodeId: "node-a",
  incarnation: "node-a-run",
  state: "ready" as const,
  region: "",
  labels: [],
  load: 0,
};

async function setUp() {
  const bus = createMemoryBus();
  const registry = createMemoryRegistry({ now: () => 1_800_000_000_000 });
  const { call, node, place } = await setUpHttp(bus, registry);
  const other = await startScriptedNode(bus, registry, { nodeId: "node-b" });
  return { bus, registry, call, node, other, place };
}

describe("nodes over HTTP", () => {
  it("are listed in pages, with the load and debit of each core", async () => {
    const { call, place } = await setUp();
    await place("standup");
    const first = NodePage.parse(await (await call("GET", "/v1/nodes?limit=1")).json());
    const second = NodePage.parse(
      await (await call("GET", `/v1/nodes?limit=1&cursor=${first.cursor}`)).json(),
    );
    expect([...first.nodes, ...second.nodes].map(({ nodeId }) => nodeId)).toEqual(["node-a", "node-b"]);
    expect(second.cursor).toBeUndefined();
    const debits = [...first.nodes, ...second.nodes].flatMap(({ cores }) => cores.map(({ debit }) => debit));
    expect(debits.filter((debit) => debit > 0)).toHaveLength(1);
  });

  it("are read one by one, and one that nobody knows is node_not_found", async () => {
    const { call } = await setUp();
    const read = NodeStatus.parse(await (await call("GET", "/v1/nodes/node-b")).json());
    expect(read).toMatchObject({ nodeId: "node-b", state: "ready" });
    for (const [method, path] of [
      ["GET", "/v1/nodes/none"],
      ["POST", "/v1/nodes/none/drain"],
      ["DELETE", "/v1/nodes/none/drain"],
    ] as const)
      expect(await refusalOf(await call(method, path)), path).toEqual([404, "node_not_found"]);
  });

  it("are told to drain, and that it is over", async () => {
    const { call, node, other } = await setUp();
    node.answer("node.drain", () => ({ state: "draining", rooms: 3 }));
    const drained = await call("POST", "/v1/nodes/node-a/drain");
    expect([drained.status, await drained.json()]).toEqual([
      200,
      { nodeId: "node-a", state: "draining", rooms: 3 },
    ]);
    const ready = await call("DELETE", "/v1/nodes/node-a/drain");
    expect(await ready.json()).toEqual({ nodeId: "node-a", state: "ready", rooms: 0 });
    expect(node.calls.map(({ name }) => name)).toEqual(["node.drain", "node.undrain"]);
    expect(other.calls).toEqual([]);
  });

  it("are told who drains them, and answer it", async () => {
    const { call, node } = await setUp();
    node.answer("node.drain", ({ by }) => ({ state: "draining", rooms: 0, by }));
    const drained = await call("POST", "/v1/nodes/node-a/drain?by=autoscaler");
    expect(await drained.json()).toMatchObject({ by: "autoscaler" });
    await call("DELETE", "/v1/nodes/node-a/drain?by=autoscaler");
    expect(node.calls.map(({ request }) => request)).toEqual([{ by: "autoscaler" }, { by: "autoscaler" }]);
    expect(await refusalOf(await call("POST", "/v1/nodes/node-a/drain?by=a%20b"))).toEqual([
      400,
      "invalid_request",
    ]);
  });

  it("that do not answer are node_unreachable", async () => {
    const { call, node } = await setUp();
    node.kill();
    expect(await refusalOf(await call("POST", "/v1/nodes/node-a/drain"))).toEqual([503, "node_unreachable"]);
  });

  it("are drained while the registry is away too", async () => {
    const { call, node, registry } = await setUp();
    registry.listNodes = () => Promise.reject(new FairleadError("registry_unreachable"));
    expect((await call("POST", "/v1/nodes/node-a/drain")).status).toBe(200);
    expect(node.callsTo("node.drain")).toHaveLength(1);
  });
});

describe("processes that take RTMP in", () => {
  const LIVE: LiveBeat = {
    ...{ nodeId: "live-1", incarnation: "live-run", state: "ready", busConnected: true, region: "eu" },
    ...{ version: "0.1.0", cpuLoad: 0.5, publishers: 3, transcodes: 1 },
    limits: { publishers: 100, transcodes: 1 },
  };

  it("stand among the nodes by name, with their kind and what they carry, in pages", async () => {
    const { call, registry } = await setUp();
    for (const nodeId of ["a-live", "node-a-live", "z-live"]) await registry.beatLive({ ...LIVE, nodeId });
    const nodes: NodeStatus[] = [];
    let cursor: string | undefined = "";
    while (cursor !== undefined) {
      const query: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page = NodePage.parse(await (await call("GET", `/v1/nodes?limit=2${query}`)).json());
      nodes.push(...page.nodes);
      cursor = page.cursor;
    }
    expect(nodes.map(({ nodeId, kind }) => `${nodeId} ${kind}`)).toEqual([
      ...["a-live live", "node-a media", "node-a-live live", "node-b media", "z-live live"],
    ]);
    const { cpuLoad, publishers, transcodes, limits } = LIVE;
    const read = NodeStatus.parse(await (await call("GET", "/v1/nodes/z-live")).json());
    expect(read).toMatchObject({
      kind: "live",
      cores: [],
      live: { cpuLoad, publishers, transcodes, limits },
    });
  });

  it("are drained, and asked for their surplus, under their own subject", async () => {
    const { bus, call, registry } = await setUp();
    await registry.beatLive(LIVE);
    const pid = 4_711;
    const process = { nodeId: "live-1", id: `ffmpeg-${pid}`, pid, sinceMs: 1 };
    serveSubject(
      bus,
      subjects.liveCall(LIVE.incarnation),
      {
        "node.drain": () => ({ state: "draining", rooms: 3 }),
        "node.surplus": ({ cursor }) =>
          cursor
            ? { surplus: [], processes: [process] }
            : { surplus: [], processes: [process], cursor: "one" },
        "node.reclaim": ({ ids }) => ({ reclaimed: ids?.length ?? 2 }),
      },
      { onBug: () => {} },
    );
    expect(await (await call("POST", "/v1/nodes/live-1/drain")).json()).toMatchObject({ rooms: 3 });
    const first = SurplusListing.parse(await (await call("GET", "/v1/surplus?node=live-1")).json());
    expect(first).toMatchObject({ processes: [process], unreachable: [] });
    const rest = `/v1/surplus?node=live-1&cursor=${encodeURIComponent(first.cursor ?? "")}`;
    expect(await (await call("GET", rest)).json()).toMatchObject({ processes: [process], unreachable: [] });
    const reclaimed = await call("POST", "/v1/surplus/reclaim", { nodeId: "live-1" });
    expect(await reclaimed.json()).toEqual({ reclaimed: 2, unreachable: [] });
  });
});

describe("while the registry is away, or has lost what it knew", () => {
  const AWAY = [
    ["registry_unreachable", () => Promise.reject(new FairleadError("registry_unreachable"))],
    ["registry_cold", () => Promise.resolve({ items: [] })],
  ] as const;

  it.each(AWAY)(
    "(%s) nodes are those that answer on the bus, in pages, one by one too",
    async (_, answer) => {
      const { call, node, registry } = await setUp();
      const advert = {
        version: "9.9.9",
        networkLoad: 0.2,
        capacity: { maxPeers: null, networkBps: 1_000 },
        cores: [{ core: 0, cpuLoad: 0.1, rooms: 1, peers: 2, consumers: 3, usable: true }],
      };
      node.answer("node.describe", () => ({ ...DESCRIPTION, advert }));
      registry.listNodes = answer;
      const first = NodePage.parse(await (await call("GET", "/v1/nodes?limit=1")).json());
      expect(first).toMatchObject({
        source: "bus",
        nodes: [{ nodeId: "node-a", version: "9.9.9", source: "bus" }],
      });
      expect(first.nodes[0]?.cores).toEqual([{ ...advert.cores[0], debit: 0, load: 0.2 }]);
      const second = NodePage.parse(
        await (await call("GET", `/v1/nodes?limit=1&cursor=${first.cursor}`)).json(),
      );
      expect([second.nodes[0]?.nodeId, second.cursor]).toEqual(["node-b", undefined]);
      expect(await (await call("GET", "/v1/nodes/node-b")).json()).toMatchObject({
        source: "bus",
        cores: [],
      });
      expect(await refusalOf(await call("GET", "/v1/nodes/none"))).toEqual([404, "node_not_found"]);
    },
  );

  it.each(AWAY)("and no node answers: 503 %s, never an empty list", async (code, answer) => {
    const { call, node, other, registry } = await setUp();
    for (const each of [node, other]) each.kill();
    registry.listNodes = answer;
    registry.listRooms = answer;
    for (const path of ["/v1/nodes", "/v1/rooms", "/v1/surplus"])
      expect(await refusalOf(await call("GET", path)), path).toEqual([503, code]);
  });

  it.each(AWAY)(
    "(%s) a room is read from the node that serves it, and none is 503, never 404",
    async (code, answer) => {
      const { bus, call, registry } = await setUp();
      const lease = { roomId: "standup", nodeId: "node-a", incarnation: "node-a-run", core: 0, epoch: 7 };
      const owner = { lease, options: RoomOptions.parse({ maxPeers: 5 }), mutes: [] };
      const serving = serveSubject(
        bus,
        subjects.roomOwner("standup"),
        { "room.owner": () => owner },
        { onBug: () => {} },
      );
      registry.listNodes = answer;
      registry.describeRoom = () => answer().then(() => null);
      const room = RoomDetail.parse(await (await call("GET", "/v1/rooms/standup")).json());
      expect(room).toMatchObject({
        source: "bus",
        placement: { epoch: 7 },
        options: { maxPeers: 5 },
        decision: null,
      });
      expect((await call("GET", "/v1/rooms/standup/peers")).status).toBe(200);
      serving.unsubscribe();
      for (const path of ["/v1/rooms/standup", "/v1/rooms/standup/peers"])
        expect(await refusalOf(await call("GET", path)), path).toEqual([503, code]);
    },
  );

  it("a room that only its node knows is read from there, though the registry knows the nodes again", async () => {
    const { bus, call } = await setUp();
    const lease = { roomId: "standup", nodeId: "node-a", incarnation: "node-a-run", core: 0, epoch: 7 };
    const owner = { lease, options: RoomOptions.parse({}), mutes: [] };
    serveSubject(bus, subjects.roomOwner("standup"), { "room.owner": () => owner }, { onBug: () => {} });
    expect(await (await call("GET", "/v1/rooms/standup")).json()).toMatchObject({ source: "bus" });
    expect(await refusalOf(await call("GET", "/v1/rooms/none"))).toEqual([404, "room_not_found"]);
  });
});
