import { createMemoryBus } from "@fairlead/bus/memory";
import { FairleadError } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { verifyTicket } from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import { refusalOf, setUpHttp } from "../testing/http-setup.ts";
import { startScriptedNode } from "../testing/scripted-node.ts";

const setUp = async () => {
  const bus = createMemoryBus();
  const registry = createMemoryRegistry({ now: () => 1_800_000_000_000 });
  const clock = { aheadMs: 0 };
  const now = () => Date.now() + clock.aheadMs;
  return { bus, registry, clock, ...(await setUpHttp(bus, registry, undefined, { now })) };
};

describe("tickets over HTTP", () => {
  it("are signed for the room of the path and the identity of the body", async () => {
    const { call, ticketKeys } = await setUp();
    const response = await call("POST", "http://meet.test/v1/rooms/standup/tickets", { identity: "ann" });
    expect(response.status).toBe(201);
    const { ticket, url, expiresAt } = (await response.json()) as Record<string, string>;
    const claims = await verifyTicket(ticketKeys, ticket ?? "", { room: "standup" });
    expect(claims).toMatchObject({ sub: "ann", exp: expiresAt });
    expect(url).toBe("http://meet.test");
  });

  it("name the public URL instead of the request's, if there is one", async () => {
    const publicUrl = "https://meet.example.org";
    const { call } = await setUpHttp(createMemoryBus(), createMemoryRegistry(), publicUrl);
    const response = await call("POST", "http://inside:3000/v1/rooms/standup/tickets", { identity: "ann" });
    expect(await response.json()).toMatchObject({ url: publicUrl });
  });

  it("need an API key that is known", async () => {
    const { call } = await setUp();
    const as = (Authorization: string) =>
      call("POST", "/v1/rooms/standup/tickets", { identity: "ann" }, { Authorization }).then(refusalOf);
    expect(await as("")).toEqual([401, "api_key_missing"]);
    expect(await as("Basic YW5u")).toEqual([401, "api_key_missing"]);
    expect(await as("Bearer wrong")).toEqual([401, "api_key_invalid"]);
  });

  it.each([
    ["no JSON", "{", [400, "invalid_request"]],
    ["no identity", {}, [400, "invalid_request"]],
    ["metadata over 4 KB", { identity: "ann", metadata: "x".repeat(4_097) }, [400, "invalid_request"]],
    ["a body over 64 KB", { identity: "ann", metadata: "x".repeat(70_000) }, [413, "frame_too_large"]],
  ])("are refused for %s", async (_what, body, refusal) => {
    const { call } = await setUp();
    expect(await refusalOf(await call("POST", "/v1/rooms/standup/tickets", body))).toEqual(refusal);
  });

  it("are refused for a room id that is none, without repeating what was given", async () => {
    const { call } = await setUp();
    const response = await call("POST", "/v1/rooms/a.secret/tickets", { identity: "ann" });
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(text).toContain("invalid_request");
    expect(text).not.toContain("secret");
  });
});

describe("rooms over HTTP", () => {
  it("are created with options, listed in pages and read with what their node counts", async () => {
    const { call, place } = await setUp();
    const made = await call("PUT", "/v1/rooms/b", { maxPeers: 3 });
    expect([made.status, await made.json()]).toMatchObject([200, { roomId: "b", options: { maxPeers: 3 } }]);
    await place("a");
    const first = (await (await call("GET", "/v1/rooms?limit=1")).json()) as { cursor: string };
    expect(first).toMatchObject({ rooms: [{ roomId: "a", placement: { nodeId: "node-a" } }] });
    const second = await (await call("GET", `/v1/rooms?limit=1&cursor=${first.cursor}`)).json();
    expect(second).toMatchObject({ rooms: [{ roomId: "b", placement: null }] });
    expect(second).not.toHaveProperty("cursor");
    expect(await (await call("GET", "/v1/rooms/a")).json()).toMatchObject({ roomId: "a", peers: 0 });
  });

  it("may be wanted in a region, with labels, or on one node", async () => {
    const { call, registry } = await setUp();
    const options = { region: "eu", labels: ["gpu"], nodeId: "node-a", kind: "broadcast" };
    const made = await call("PUT", "/v1/rooms/a", options);
    expect([made.status, await made.json()]).toMatchObject([200, { options }]);
    expect((await registry.describeRoom("a"))?.options).toMatchObject(options);
  });

  it("tell why they are where they are, and under which epoch", async () => {
    const { call, place } = await setUp();
    const { lease } = await place("a");
    expect(await (await call("GET", "/v1/rooms/a")).json()).toMatchObject({
      placement: { nodeId: "node-a", core: lease.core, epoch: lease.epoch },
      decision: {
        reason: "least_loaded",
        atMs: expect.any(Number),
        candidates: [{ nodeId: "node-a", core: lease.core, load: 0 }],
      },
    });
  });

  it("of one node are listed in pages", async () => {
    const { call, place, bus, registry } = await setUp();
    await startScriptedNode(bus, registry, { nodeId: "node-b" });
    for (const room of ["a", "b", "c", "d", "e"]) await place(room);
    type Page = { rooms: { roomId: string; placement: { nodeId: string } }[]; cursor?: string };
    const here: Page["rooms"] = [];
    let cursor: string | undefined = "";
    while (cursor !== undefined) {
      const query = `node=node-b&limit=1${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const page = (await (await call("GET", `/v1/rooms?${query}`)).json()) as Page;
      here.push(...page.rooms);
      cursor = page.cursor;
    }
    const elsewhere = (await (await call("GET", "/v1/rooms?node=node-a")).json()) as Page;
    expect(new Set(here.map(({ placement }) => placement.nodeId))).toEqual(new Set(["node-b"]));
    expect([...here, ...elsewhere.rooms].map(({ roomId }) => roomId).sort()).toEqual([
      "a",
      "b",
      "c",
      "d",
      "e",
    ]);
  });

  it("that nobody made are room_not_found", async () => {
    const { call } = await setUp();
    for (const [method, path] of [
      ["GET", "/v1/rooms/none"],
      ["DELETE", "/v1/rooms/none"],
      ["GET", "/v1/rooms/none/peers"],
      ["DELETE", "/v1/rooms/none/peers/p"],
      ["DELETE", "/v1/rooms/none/bans/ann"],
    ] as const)
      expect(await refusalOf(await call(method, path)), path).toEqual([404, "room_not_found"]);
  });

  it("are closed by their node, and closing twice is no error", async () => {
    const { call, place, node } = await setUp();
    const { lease } = await place("a");
    expect((await call("DELETE", "/v1/rooms/a")).status).toBe(204);
    expect(node.callsTo("room.close")).toEqual([
      { name: "room.close", request: { roomId: "a", epoch: lease.epoch } },
    ]);
    node.refuseNext("room.close", "room_not_found");
    expect((await call("DELETE", "/v1/rooms/a")).status).toBe(204);
  });

  it("answer node_unreachable when their node is gone, and registry_unreachable without a registry", async () => {
    const { call, place, node, registry } = await setUp();
    await place("a");
    node.kill();
    expect(await refusalOf(await call("GET", "/v1/rooms/a"))).toEqual([503, "node_unreachable"]);
    await registry.close();
    expect(await refusalOf(await call("GET", "/v1/rooms/a"))).toEqual([503, "registry_unreachable"]);
  });

  it("answer bus_disconnected without a bus", async () => {
    const { call, place, bus } = await setUp();
    await place("a");
    await bus.close();
    expect(await refusalOf(await call("GET", "/v1/rooms/a/peers"))).toEqual([503, "bus_disconnected"]);
  });
});

describe("peers over HTTP", () => {
  it("are muted and unmuted by their node", async () => {
    const { call, place, node } = await setUp();
    const { lease } = await place("a");
    const mute = (body: object) => call("POST", "/v1/rooms/a/peers/p/mute", { source: "camera", ...body });
    expect([(await mute({})).status, (await mute({ muted: false })).status]).toEqual([204, 204]);
    const request = { roomId: "a", epoch: lease.epoch, peerId: "p", source: "camera" };
    expect(node.callsTo("peer.mute").map((asked) => asked.request)).toEqual([
      { ...request, muted: true },
      { ...request, muted: false },
    ]);
  });

  it("are removed by their node, which bans them unless told otherwise", async () => {
    const { call, place, node } = await setUp();
    const { lease } = await place("a");
    const remove = (body?: object | "") => call("DELETE", "/v1/rooms/a/peers/p", body);
    // Many clients say that JSON comes also when none does.
    for (const body of [undefined, "", { reason: "rude", ban: false }] as const)
      expect((await remove(body)).status).toBe(204);
    const request = { roomId: "a", epoch: lease.epoch, peerId: "p" };
    expect(node.callsTo("peer.remove").map((asked) => asked.request)).toEqual([
      { ...request, reason: "", ban: true },
      { ...request, reason: "", ban: true },
      { ...request, reason: "rude", ban: false },
    ]);
  });

  it("that nobody knows are peer_not_found", async () => {
    const { call, place, node } = await setUp();
    await place("a");
    node.refuseNext("peer.remove", "peer_not_found");
    expect(await refusalOf(await call("DELETE", "/v1/rooms/a/peers/p"))).toEqual([404, "peer_not_found"]);
  });
});

describe("bans over HTTP", () => {
  it("are in the room's record before the node is asked, which removes every peer of the identity", async () => {
    const { call, place, node, registry } = await setUp();
    const { lease } = await place("a");
    const known: unknown[] = [];
    node.answer("peer.ban", async () => {
      known.push((await registry.describeRoom("a"))?.bannedIdentities);
      return {};
    });
    expect((await call("PUT", "/v1/rooms/a/bans/ann")).status).toBe(204);
    expect(known).toEqual([["ann"]]);
    expect(node.callsTo("peer.ban").map(({ request }) => request)).toEqual([
      { roomId: "a", epoch: lease.epoch, identity: "ann" },
    ]);
    await expect(place("a")).rejects.toMatchObject({ code: "banned" });
  });

  it("stand although the node refuses, and are brought to it by asking again", async () => {
    const { call, place, node } = await setUp();
    await place("a");
    node.refuseNext("peer.ban", "internal");
    expect((await call("PUT", "/v1/rooms/a/bans/ann")).status).toBe(500);
    await expect(place("a")).rejects.toMatchObject({ code: "banned" });
    expect((await call("PUT", "/v1/rooms/a/bans/ann")).status).toBe(204);
    expect(node.callsTo("peer.ban")).toHaveLength(2);
  });

  it("stand although the room's node is dead, and may come before the room", async () => {
    const { call, place, node } = await setUp();
    await place("a");
    node.kill();
    expect(await refusalOf(await call("PUT", "/v1/rooms/a/bans/ann"))).toEqual([503, "node_unreachable"]);
    expect((await call("PUT", "/v1/rooms/b/bans/ann")).status).toBe(204);
    for (const room of ["a", "b"]) await expect(place(room)).rejects.toMatchObject({ code: "banned" });
  });

  it("are lifted in the room's record and at its node, and lifting twice is no error", async () => {
    const { call, place, node, registry } = await setUp();
    await place("a");
    await registry.updateRoom("a", { ban: { identity: "ann", ticketId: "ticket-of-ann" } });
    const lift = () => call("DELETE", "/v1/rooms/a/bans/ann");
    expect((await lift()).status).toBe(204);
    expect(await place("a")).toMatchObject({ isNew: false });
    expect(node.callsTo("peer.unban").map(({ request }) => request)).toEqual([
      { roomId: "a", identity: "ann" },
    ]);
    expect((await lift()).status).toBe(204);
  });

  it("are lifted in a room that does not run", async () => {
    const { call, node, registry } = await setUp();
    await registry.updateRoom("a", { ban: { identity: "ann@example.org" } });
    expect((await call("DELETE", `/v1/rooms/a/bans/${encodeURIComponent("ann@example.org")}`)).status).toBe(
      204,
    );
    expect((await registry.describeRoom("a"))?.bannedIdentities).toEqual([]);
    expect(node.callsTo("peer.unban")).toEqual([]);
  });
});

describe("capabilities over HTTP", () => {
  it("are cacheable by anyone and not sent again to who has them", async () => {
    const { call } = await setUp();
    const first = await call("GET", "/v1/capabilities", undefined, { Authorization: "" });
    const { version } = (await first.json()) as { version: string };
    const etag = first.headers.get("ETag") ?? "";
    expect([first.status, etag]).toEqual([200, `"${version}"`]);
    expect(first.headers.get("Cache-Control")).toMatch(/^public, max-age=\d+/);
    const second = await call("GET", "/v1/capabilities", undefined, { "If-None-Match": etag });
    expect([second.status, await second.text()]).toEqual([304, ""]);
    expect(second.headers.get("Access-Control-Allow-Origin")).toBe("*");
  });
});

describe("health over HTTP", () => {
  it("is ready while the bus is there and no shutdown has begun", async () => {
    const { call, signaling } = await setUp();
    const ready = await call("GET", "/readyz");
    expect([ready.status, await ready.json()]).toEqual([200, { status: "ok", registry: "ok" }]);
    await signaling.shutDown();
    expect(await refusalOf(await call("GET", "/readyz"))).toEqual([503, "shutting_down"]);
    expect(await refusalOf(await call("GET", "/v1/connect"))).toEqual([503, "shutting_down"]);
    expect((await call("GET", "/healthz")).status).toBe(200);
  });

  it("says that the registry is away and why, which keeps nobody from being served, unlike a bus that is", async () => {
    const { call, bus, registry, clock } = await setUp();
    const without = (cause: string) => ({ status: "ok", registry: "away", cause });
    registry.ping = () => new Promise(() => {});
    expect(await (await call("GET", "/readyz")).json()).toEqual(without("no answer within 20 ms"));
    const refusal = new FairleadError("registry_unreachable", { message: "Redis: READONLY" });
    registry.ping = () => Promise.reject(refusal);
    clock.aheadMs += 1_000;
    const answer = await call("GET", "/readyz");
    expect([answer.status, await answer.json()]).toEqual([200, without("Redis: READONLY")]);
    await bus.close();
    expect(await refusalOf(await call("GET", "/readyz"))).toEqual([503, "bus_disconnected"]);
  });
});

it("the registry is asked for a sign of life once a second, however many ask whether signaling is ready", async () => {
  const { call, registry, clock } = await setUp();
  let pings = 0;
  registry.ping = async () => {
    pings += 1;
  };
  const ask = async () => (await call("GET", "/readyz")).json();
  await Promise.all(Array.from({ length: 20 }, ask));
  expect(pings).toBe(1);
  registry.ping = () => Promise.reject(new FairleadError("registry_unreachable"));
  clock.aheadMs += 1_000;
  expect(await ask()).toMatchObject({ registry: "away" });
});

describe("every answer over HTTP", () => {
  it("names its request, also the one that the caller chose", async () => {
    const { call } = await setUp();
    expect((await call("GET", "/v1/none")).headers.get("X-Request-Id")).toMatch(/^[\w-]{8,}$/);
    const named = await call("GET", "/healthz", undefined, { "X-Request-Id": "mine-1" });
    expect(named.headers.get("X-Request-Id")).toBe("mine-1");
  });

  it("is a typed error for unknown paths and methods", async () => {
    const { call } = await setUp();
    expect(await refusalOf(await call("GET", "/v1/none"))).toEqual([404, "not_found"]);
    expect(await refusalOf(await call("GET", "/none"))).toEqual([404, "not_found"]);
    const patched = await call("PATCH", "/v1/rooms/a");
    expect(patched.headers.get("Allow")).toBe("GET, HEAD, PUT, DELETE");
    expect(await refusalOf(patched)).toEqual([405, "method_not_allowed"]);
    expect(await refusalOf(await call("GET", "/v1/connect"))).toEqual([400, "invalid_request"]);
  });

  it("is a bare internal error when the fault is ours", async () => {
    const { call, registry } = await setUp();
    registry.describeRoom = () => Promise.reject(new TypeError("secret detail"));
    const response = await call("GET", "/v1/rooms/a");
    const text = await response.text();
    expect([response.status, text.includes("internal"), text.includes("secret")]).toEqual([500, true, false]);
  });

  it("may be read by pages of other origins, and asked for by preflight", async () => {
    const { signaling } = await setUp();
    const preflight = await signaling.app.request("/v1/rooms/a", {
      method: "OPTIONS",
      headers: { Origin: "https://app.test", "Access-Control-Request-Method": "DELETE" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(preflight.headers.get("Access-Control-Allow-Methods")).toContain("DELETE");
  });
});

it("readiness ends with the announcement of a shutdown, and everything else goes on", async () => {
  const registry = createMemoryRegistry({ now: () => 1_800_000_000_000 });
  const { call, signaling, place } = await setUpHttp(createMemoryBus(), registry);
  await place("standup");
  signaling.announceShutdown();
  expect(await refusalOf(await call("GET", "/readyz"))).toEqual([503, "shutting_down"]);
  expect((await call("GET", "/healthz")).status).toBe(200);
  expect((await call("GET", "/v1/rooms/standup")).status).toBe(200);
});
