import { createMemoryBus } from "@fairlead/bus/memory";
import { PEERS_PER_PAGE, type PeerDetail } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { API_KEY, setUpHttp, startScriptedNode } from "@fairlead/signaling/testing";
import { verifyTicket } from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import { type ApiClient, createApiClient } from "./api-client.ts";

/** A client of a real signaling app, with a node behind it, that notes what it asks. */
async function setUp(apiKey = API_KEY) {
  const bus = createMemoryBus();
  const registry = createMemoryRegistry({ now: () => 1_800_000_000_000 });
  const parts = await setUpHttp(bus, registry, "https://signaling.example.org");
  const asked: string[] = [];
  const fetch = async (url: string, init: RequestInit) => {
    asked.push(`${init.method} ${new URL(url).pathname}`);
    return parts.signaling.app.request(url, init);
  };
  const api = createApiClient({ url: "http://signaling.test/", apiKey, fetch, retries: 0 });
  return { ...parts, bus, registry, api, asked };
}

async function everyOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** By the operation id of the document. */
const CALLS: Record<string, (api: ApiClient) => Promise<unknown>> = {
  issueTicket: (api) => api.tickets.issue("a", { identity: "ann" }),
  listRooms: (api) => everyOf(api.rooms.list()),
  readRoom: (api) => api.rooms.read("a"),
  writeRoom: (api) => api.rooms.write("a", { maxPeers: 3 }),
  closeRoom: (api) => api.rooms.close("a"),
  listPeers: (api) => everyOf(api.peers.list("a")),
  mutePeer: (api) => api.peers.mute("a", "peer-1", { source: "camera" }),
  removePeer: (api) => api.peers.remove("a", "peer-1"),
  banIdentity: (api) => api.bans.impose("a", "ann"),
  liftBan: (api) => api.bans.lift("a", "ann"),
  listBroadcasts: (api) => everyOf(api.broadcasts.list()),
  createBroadcast: (api) => api.broadcasts.create(),
  readBroadcast: (api) => api.broadcasts.read("show"),
  changeBroadcast: (api) => api.broadcasts.change("show", { title: "new" }),
  rotateStreamKey: (api) => api.broadcasts.rotateKey("show"),
  endBroadcast: (api) => api.broadcasts.end("show"),
  deleteBroadcast: (api) => api.broadcasts.delete("show"),
  openIngest: (api) =>
    api.ingests.open("a", { kind: "rtp", tracks: [{ source: "microphone", codec: "opus" }] }),
  listIngests: (api) => api.ingests.list("a"),
  readIngest: (api) => api.ingests.read("a", "q8Vb7Jt3kQ2xWm5rYzLA0b"),
  closeIngest: (api) => api.ingests.close("a", "q8Vb7Jt3kQ2xWm5rYzLA0b"),
  openEgress: (api) =>
    api.egresses.open("a", { kind: "rtp", receiverAddress: "10.0.0.9", receiverPort: 5_004 }),
  listEgresses: (api) => api.egresses.list("a"),
  readEgress: (api) => api.egresses.read("a", "b3WqH0yq4m7Jt3kQ2xWm5r"),
  closeEgress: (api) => api.egresses.close("a", "b3WqH0yq4m7Jt3kQ2xWm5r"),
  listNodes: (api) => everyOf(api.nodes.list()),
  readNode: (api) => api.nodes.read("node-a"),
  drainNode: (api) => api.nodes.drain("node-a"),
  undrainNode: (api) => api.nodes.undrain("node-a"),
  readCapacity: (api) => api.capacity.read(),
  listSurplus: (api) => everyOf(api.surplus.list()),
  reclaimSurplus: (api) => api.surplus.reclaim(),
};

type Document = {
  paths: Record<string, Record<string, { operationId: string; security?: Record<string, string[]>[] }>>;
};

describe("the API's client", () => {
  it("has a method for every operation of the OpenAPI document that takes an API key, and asks for just that one", async () => {
    const { api, asked, call, place } = await setUp();
    await place("a");
    await call("POST", "/v1/broadcasts", { broadcastId: "show" });
    const { paths } = (await (await call("GET", "/v1/openapi.json")).json()) as Document;
    const operations = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([, { security = [] }]) => security.some((requirement) => "apiKey" in requirement))
        .map(([method, { operationId }]) => ({ operationId, route: `${method.toUpperCase()} ${path}` })),
    );
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(CALLS).sort());
    // What is ended or deleted comes last.
    const order = Object.keys(CALLS);
    operations.sort((a, b) => order.indexOf(a.operationId) - order.indexOf(b.operationId));
    for (const { operationId, route } of operations) {
      asked.length = 0;
      await CALLS[operationId]?.(api);
      const pattern = new RegExp(`^${route.replace(/\{\w+\}/g, "[^/]+")}$`);
      expect(asked, operationId).toEqual([expect.stringMatching(pattern)]);
    }
  });

  it("has no other methods but those that give the same in pages", async () => {
    const { api } = await setUp();
    const methods = Object.entries(api).flatMap(([part, of]) =>
      Object.keys(of).map((name) => `${part}.${name}`),
    );
    const pages = methods.filter((name) => name.endsWith(".pages"));
    expect(pages).toEqual([
      ...["rooms.pages", "peers.pages", "broadcasts.pages", "nodes.pages", "surplus.pages"],
    ]);
    expect(methods).toHaveLength(Object.keys(CALLS).length + pages.length);
  });

  it("issues tickets that admit", async () => {
    const { api, ticketKeys } = await setUp();
    const request = { identity: "ann", name: "Ann", grants: { publish: ["camera" as const] } };
    const { ticket, url, expiresAt } = await api.tickets.issue("standup", request);
    const claims = await verifyTicket(ticketKeys, ticket, { room: "standup" });
    expect(claims).toMatchObject({ sub: "ann", name: "Ann", exp: expiresAt });
    expect(claims.grants).toMatchObject({ publish: ["camera"], moderate: false });
    expect(url).toBe("https://signaling.example.org");
  });

  it("creates, reads and closes rooms, and throws the refusals", async () => {
    const { api, place, node } = await setUp();
    expect(await api.rooms.write("a", { region: "eu", maxPeers: 3 })).toMatchObject({
      roomId: "a",
      options: { region: "eu", maxPeers: 3, kind: "meeting" },
    });
    await place("a");
    expect(await api.rooms.read("a")).toMatchObject({ roomId: "a", placement: { nodeId: "node-a" } });
    expect(await api.rooms.close("a")).toBeUndefined();
    expect(node.callsTo("room.close")).toHaveLength(1);
    await expect(api.rooms.read("b")).rejects.toMatchObject({
      name: "FairleadError",
      code: "room_not_found",
    });
    await expect(api.rooms.write("a", { maxPeers: 0 })).rejects.toMatchObject({ code: "invalid_request" });
  });

  it("creates a broadcast with its key, reads, changes, lists and deletes it", async () => {
    const { api, registry } = await setUp();
    const { streamKey, ...made } = await api.broadcasts.create({ broadcastId: "show", title: "Hello" });
    expect(streamKey).toMatch(/^show\./);
    expect(await api.broadcasts.read("show")).toEqual(made);
    await expect(api.broadcasts.create({ broadcastId: "show" })).rejects.toMatchObject({
      code: "broadcast_exists",
    });
    const rotated = await api.broadcasts.rotateKey("show", { keepOldKey: false });
    expect(rotated.streamKey).not.toBe(streamKey);
    expect((await registry.describeRoom("show"))?.broadcast?.keyHashes).toHaveLength(1);
    expect(await api.broadcasts.change("show", { visibility: "public" })).toMatchObject({
      title: "Hello",
      visibility: "public",
    });
    await api.broadcasts.create({ broadcastId: "another" });
    expect(await api.broadcasts.end("show")).toMatchObject({ state: "ended" });
    const ended = await everyOf(api.broadcasts.list({ state: "ended", limit: 1 }));
    expect(ended.map(({ broadcastId }) => broadcastId)).toEqual(["show"]);
    await api.broadcasts.delete("show");
    await expect(api.broadcasts.read("show")).rejects.toMatchObject({ code: "broadcast_not_found" });
  });

  it("lists page by page, and asks for the next page only when it is wanted", async () => {
    const { api, asked, place } = await setUp();
    for (const room of ["e", "b", "d", "a", "c"]) await place(room);
    expect((await everyOf(api.rooms.list({ limit: 2 }))).map(({ roomId }) => roomId).join("")).toBe("abcde");
    expect(asked).toHaveLength(3);
    const pages = await everyOf(api.rooms.pages({ limit: 2, node: "node-a" }));
    expect(pages.map(({ rooms }) => rooms.length)).toEqual([2, 2, 1]);
    asked.length = 0;
    for await (const { roomId } of api.rooms.list({ limit: 2 })) if (roomId === "b") break;
    expect(asked).toHaveLength(1);
  });

  it("lists the peers of a room over all pages, and mutes and removes one", async () => {
    const { api, node, place } = await setUp();
    await place("a");
    const peers = Array.from(
      { length: PEERS_PER_PAGE + 1 },
      (_, index): PeerDetail => ({
        peerId: `peer-${index}`,
        identity: `user-${index}`,
        name: "",
        metadata: "",
        joinedAtMs: 1,
        connected: true,
        grants: { publish: [], subscribe: true, data: false, moderate: false },
        producers: [],
      }),
    );
    node.answer("room.peers", ({ cursor }) =>
      cursor === undefined
        ? { peers: peers.slice(0, PEERS_PER_PAGE), cursor: "next" }
        : { peers: peers.slice(PEERS_PER_PAGE) },
    );
    expect(await everyOf(api.peers.list("a"))).toEqual(peers);
    await api.peers.mute("a", "peer-1", { source: "camera" });
    await api.peers.remove("a", "peer-1", { reason: "spam", ban: false });
    expect(node.callsTo("peer.mute")).toMatchObject([
      { request: { roomId: "a", peerId: "peer-1", source: "camera", muted: true } },
    ]);
    expect(node.callsTo("peer.remove")).toMatchObject([
      { request: { roomId: "a", peerId: "peer-1", reason: "spam", ban: false } },
    ]);
    await expect(everyOf(api.peers.list("b"))).rejects.toMatchObject({ code: "room_not_found" });
  });

  it.each(["ann", "ann/../../rooms", "a b?c#d", "%2e%2e", "…", "🎥"])(
    "bans the identity %j",
    async (identity) => {
      const { api, registry } = await setUp();
      await api.bans.impose("a", identity);
      expect((await registry.describeRoom("a"))?.bannedIdentities).toEqual([identity]);
      await api.bans.lift("a", identity);
      expect((await registry.describeRoom("a"))?.bannedIdentities).toEqual([]);
    },
  );

  it.each([".", "..", "", "\ud800"])(
    "asks nobody about the identity %j, which no path can name",
    async (identity) => {
      const { api, asked } = await setUp();
      await expect(api.bans.impose("a", identity)).rejects.toMatchObject({ code: "invalid_request" });
      await expect(api.rooms.close(identity)).rejects.toMatchObject({ code: "invalid_request" });
      expect(asked).toEqual([]);
    },
  );

  it("lists and drains nodes, and tells of surplus and of nodes that did not answer", async () => {
    const { api, bus, registry } = await setUp();
    const other = await startScriptedNode(bus, registry, { nodeId: "node-b" });
    expect((await everyOf(api.nodes.list({ limit: 1 }))).map(({ nodeId }) => nodeId)).toEqual([
      "node-a",
      "node-b",
    ]);
    expect(await api.nodes.read("node-b")).toMatchObject({ incarnation: "node-b-run", cores: [{}, {}] });
    expect(await api.nodes.drain("node-b", { by: "autoscaler" })).toEqual({
      ...{ nodeId: "node-b", state: "draining", rooms: 0 },
    });
    expect(await api.nodes.undrain("node-b")).toMatchObject({ state: "ready" });
    other.kill();
    expect(await everyOf(api.surplus.pages())).toMatchObject([{ surplus: [], unreachable: ["node-b"] }]);
    expect(await api.surplus.reclaim({ nodeId: "node-a", ids: ["x"] })).toEqual({
      reclaimed: 0,
      unreachable: [],
    });
  });

  it("is refused for a key that is not known, or may not do that", async () => {
    const unknown = await setUp("none");
    await expect(unknown.api.rooms.read("a")).rejects.toMatchObject({ code: "api_key_invalid" });
    const { api } = await setUp("key-of-tickets");
    await expect(api.rooms.read("a")).rejects.toMatchObject({ code: "scope_missing" });
  });
});
