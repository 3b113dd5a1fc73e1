import { createMemoryBus } from "@fairlead/bus/memory";
import { type ErrorCode, FairleadError, httpStatus, type NodeCallName } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { describe, expect, it } from "vitest";
import { assertDocumented, readDocument } from "../testing/assert-documented.ts";
import { refusalOf, setUpHttp } from "../testing/http-setup.ts";

const setUp = async () => {
  const bus = createMemoryBus();
  const registry = createMemoryRegistry({ now: () => 1_800_000_000_000 });
  const parts = await setUpHttp(bus, registry);
  await parts.place("a");
  await parts.call("POST", "/v1/broadcasts", { broadcastId: "a-show" });
  await parts.place("a-show");
  return { bus, registry, ...parts };
};

const OPERATIONS: [method: string, path: string, asks: NodeCallName | null, body?: object][] = [
  ["POST", "/v1/rooms/a/tickets", null, { identity: "ann" }],
  ["GET", "/v1/rooms", null],
  ["GET", "/v1/rooms/a", "room.describe"],
  ["PUT", "/v1/rooms/a", "room.set_options", { maxPeers: 3 }],
  ["DELETE", "/v1/rooms/a", "room.close"],
  ["GET", "/v1/rooms/a/peers", "room.peers"],
  ["POST", "/v1/rooms/a/peers/p/mute", "peer.mute", { source: "camera" }],
  ["DELETE", "/v1/rooms/a/peers/p", "peer.remove"],
  ["PUT", "/v1/rooms/a/bans/ann", "peer.ban"],
  ["DELETE", "/v1/rooms/a/bans/ann", "peer.unban"],
  ["GET", "/v1/broadcasts", null],
  ["POST", "/v1/broadcasts", null, { title: "made anew" }],
  ["GET", "/v1/broadcasts/a-show", "broadcast.describe"],
  ["PATCH", "/v1/broadcasts/a-show", "broadcast.update", { title: "new" }],
  ["POST", "/v1/broadcasts/a-show/key", "broadcast.update", {}],
  ["POST", "/v1/broadcasts/a-show/end", "broadcast.update"],
  ["DELETE", "/v1/broadcasts/a-show", "broadcast.update"],
  ["GET", "/v1/nodes", null],
  ["GET", "/v1/nodes/node-a", null],
  ["POST", "/v1/nodes/node-a/drain", "node.drain"],
  ["DELETE", "/v1/nodes/node-a/drain", "node.undrain"],
  ["GET", "/v1/capacity", null],
  ["GET", "/v1/surplus", "node.surplus"],
  ["POST", "/v1/surplus/reclaim", "node.reclaim", {}],
];

/** Refusals of any call to a node, by the node or on the way to it. */
const OF_ANY_NODE: ErrorCode[] = [
  ...([
    "node_unreachable",
    "node_timeout",
    "bus_disconnected",
    "registry_unreachable",
    "registry_cold",
  ] as const),
];
/** Refusals of a call that needs the room to run there. */
const OF_ROOM: ErrorCode[] = ["lease_lost", "room_not_found"];
const OF_NODE: Partial<Record<NodeCallName, ErrorCode[]>> = {
  "room.describe": OF_ROOM,
  "room.set_options": OF_ROOM,
  "room.close": OF_ROOM,
  "room.peers": OF_ROOM,
  "peer.mute": [...OF_ROOM, "peer_not_found", "too_many_mutes"],
  "peer.remove": [...OF_ROOM, "peer_not_found", "too_many_bans"],
  "peer.ban": ["too_many_bans"],
  "broadcast.describe": [...OF_ROOM, "broadcast_not_found"],
  "broadcast.update": [...OF_ROOM, "broadcast_not_found"],
};

/** `call` itself holds an answer to the document; here are the answers. */
describe("an operation answers what its entry lists", () => {
  it.each(OPERATIONS)("%s %s, whatever its node refuses with", async (method, path, asks, body) => {
    const { call, node } = await setUp();
    const answers: boolean[] = [];
    for (const code of asks ? [...OF_ANY_NODE, ...(OF_NODE[asks] ?? [])] : []) {
      if (asks) node.refuseNext(asks, code);
      answers.push((await call(method, path, body)).ok);
    }
    answers.push((await call(method, path, body)).ok);
    // What is deleted is so once.
    expect(answers).toContain(true);
    if (asks) expect(node.callsTo(asks).length).toBeGreaterThan(OF_ANY_NODE.length);
  });

  it.each(OPERATIONS)(
    "%s %s, without the registry, the bus or the right",
    async (method, path, _asks, body) => {
      const { call, registry, bus } = await setUp();
      const statuses = new Set<number>();
      const note = async (answer: Promise<Response>) => void statuses.add((await answer).status);
      await note(call(method, path, body, { Authorization: "" }));
      for (const text of method === "GET" ? [] : ["{", "x".repeat(70_000)])
        await note(call(method, path, text));
      await note(call(method, path.replace("/a", "/a.b").replace("/node-a", "/node.a"), body));
      const away = () => Promise.reject(new FairleadError("registry_unreachable"));
      for (const name of [
        "describeRoom",
        "updateRoom",
        "listRooms",
        "listBroadcasts",
        "listNodes",
        "count",
      ] as const)
        registry[name] = away;
      await note(call(method, path, body));
      await bus.close();
      await note(call(method, path, body));
      expect(statuses).toContain(401);
    },
  );

  it.each(["/healthz", "/readyz", "/v1/capabilities", "/.well-known/jwks.json", "/v1/connect"])(
    "GET %s, also of a page, and when it shuts down",
    async (path) => {
      const { call, signaling } = await setUp();
      await call("GET", path);
      await call("GET", path, undefined, { Origin: "https://elsewhere.example.org" });
      await signaling.shutDown();
      await call("GET", path);
    },
  );

  it.each([
    [{ method: "GET", path: "/v1/rooms/a" }, "banned" as const],
    [{ method: "GET", path: "/healthz" }, "room_not_found" as const],
    [{ method: "GET", path: "/v1/secret" }, "internal" as const],
  ])("which this test would see if %j were refused with %s", async (request, code) => {
    const { signaling, call } = await setUp();
    const answer = Response.json({ error: { code, message: "" } }, { status: httpStatus(code) });
    const document = await readDocument(signaling.app.request);
    await expect(assertDocumented(document, request, answer)).rejects.toThrow();
    expect(await refusalOf(await call("GET", "/v1/secret"))).toEqual([404, "not_found"]);
  });
});
