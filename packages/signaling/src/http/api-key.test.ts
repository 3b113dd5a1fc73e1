import { createMemoryBus } from "@fairlead/bus/memory";
import { RoomOptions, RoomPage } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { describe, expect, it } from "vitest";
import { refusalOf, setUpHttp } from "../testing/http-setup.ts";
import { hashApiKey } from "./api-key.ts";

const setUp = async () => {
  const registry = createMemoryRegistry({ now: () => 1_800_000_000_000 });
  const { call } = await setUpHttp(createMemoryBus(), registry);
  return async (key: string, method: string, path: string, body?: unknown) => {
    const response = await call(method, path, body, { Authorization: `Bearer ${key}` });
    return response.ok ? response.status : refusalOf(response);
  };
};
const refused = [403, "scope_missing"];
const issuing = ["POST", "/v1/rooms/standup/tickets", { identity: "ann" }] as const;

describe("an API key", () => {
  it("of back ends that issue tickets does that and nothing else", async () => {
    const as = await setUp();
    expect(await as("key-of-tickets", ...issuing)).toBe(201);
    expect(await as("key-of-tickets", "GET", "/v1/rooms")).toEqual(refused);
    expect(await as("key-of-tickets", "PUT", "/v1/rooms/tickets", {})).toEqual(refused);
    expect(await as("key-of-tickets", "DELETE", "/v1/rooms/standup/bans/tickets")).toEqual(refused);
  });

  it("for rooms reads and changes them, and neither issues tickets nor sees nodes", async () => {
    const as = await setUp();
    expect(await as("key-of-rooms", "PUT", "/v1/rooms/standup", {})).toBe(200);
    expect(await as("key-of-rooms", "GET", "/v1/rooms")).toBe(200);
    expect(await as("key-of-rooms", ...issuing)).toEqual(refused);
    expect(await as("key-of-rooms", "GET", "/v1/nodes")).toEqual(refused);
    expect(await as("key-of-rooms", "GET", "/v1/surplus")).toEqual(refused);
  });

  it("that reads sees rooms, peers, nodes and surplus, and changes and issues nothing", async () => {
    const as = await setUp();
    await as("key-of-rooms", "PUT", "/v1/rooms/standup", {});
    for (const path of ["/v1/rooms", "/v1/rooms/standup", "/v1/nodes", "/v1/nodes/node-a", "/v1/surplus"])
      expect(await as("key-of-readers", "GET", path), path).toBe(200);
    expect(await as("key-of-readers", "GET", "/v1/rooms/standup/peers")).toEqual([404, "room_not_found"]);
    for (const [method, path, body] of [
      issuing,
      ["PUT", "/v1/rooms/standup", {}],
      ["DELETE", "/v1/rooms/standup"],
      ["PUT", "/v1/rooms/standup/bans/ann"],
      ["DELETE", "/v1/rooms/standup/peers/peer-1"],
      ["POST", "/v1/nodes/node-a/drain"],
      ["POST", "/v1/surplus/reclaim"],
    ] as const)
      expect(await as("key-of-readers", method, path, body), `${method} ${path}`).toEqual(refused);
  });

  it("that is bound to a room prefix neither sees, enters nor ends others' rooms, in whatever spelling", async () => {
    const as = await setUp();
    for (const room of ["acme-1", "acme", "other-1"])
      await as("key-of-admins", "PUT", `/v1/rooms/${room}`, {});
    for (const key of ["key-of-acme", "key-of-acmes-admin"]) {
      expect(await as(key, "GET", "/v1/rooms/acme-1")).toBe(200);
      expect(await as(key, "POST", "/v1/rooms/acme-2/tickets", { identity: "ann" })).toBe(201);
      expect(await as(key, "PUT", "/v1/rooms/%61cme-3", {})).toBe(200);
      for (const room of ["other-1", "acme", "%6Fther-1", "ACME-1", "other-1%2Facme-1"])
        for (const [method, path, body] of [
          ["GET", `/v1/rooms/${room}`],
          ["PUT", `/v1/rooms/${room}`, {}],
          ["DELETE", `/v1/rooms/${room}`],
          ["GET", `/v1/rooms/${room}/peers`],
          ["POST", `/v1/rooms/${room}/peers/peer-1/mute`, { source: "microphone" }],
          ["DELETE", `/v1/rooms/${room}/peers/peer-1`],
          ["PUT", `/v1/rooms/${room}/bans/ann`],
          ["DELETE", `/v1/rooms/${room}/bans/ann`],
          ["POST", `/v1/rooms/${room}/tickets`, { identity: "ann" }],
        ] as const)
          expect(await as(key, method, path, body), `${method} ${path}`).toEqual(refused);
      expect(await as(key, "GET", "/v1/rooms/acme-%2F..%2Fother-1")).toEqual([400, "invalid_request"]);
      for (const [method, path] of [
        ["GET", "/v1/nodes"],
        ["GET", "/v1/nodes/node-a"],
        ["POST", "/v1/nodes/node-a/drain"],
        ["GET", "/v1/surplus"],
        ["POST", "/v1/surplus/reclaim"],
      ] as const)
        expect(await as(key, method, path), `${method} ${path}`).toEqual(refused);
    }
  });

  it("that is bound to a room prefix lists its rooms alone, page by page", async () => {
    const registry = createMemoryRegistry({ now: () => 1_800_000_000_000 });
    const { call } = await setUpHttp(createMemoryBus(), registry);
    for (const roomId of ["acm", "acme", "acme-", "acme-0", "acme-a", "acme-z", "acme0", "acmf", "b"])
      await registry.updateRoom(roomId, { options: RoomOptions.parse({}) });
    const list = async (key: string, query: string) => {
      const answer = await call("GET", `/v1/rooms?${query}`, undefined, { Authorization: `Bearer ${key}` });
      const { rooms, cursor } = RoomPage.parse(await answer.json());
      return { ids: rooms.map(({ roomId }) => roomId), cursor };
    };
    const all = ["acme-", "acme-0", "acme-a", "acme-z"];
    expect(await list("key-of-acme", "limit=50")).toEqual({ ids: all, cursor: undefined });
    expect((await list("key-of-admins", "limit=50")).ids).toHaveLength(9);
    const first = await list("key-of-acme", "limit=3");
    expect(first.ids).toEqual(all.slice(0, 3));
    expect(await list("key-of-acme", `limit=3&cursor=${first.cursor}`)).toEqual({
      ids: ["acme-z"],
      cursor: undefined,
    });
    expect((await list("key-of-acme", "cursor=a")).ids).toEqual(all);
    expect((await list("key-of-acme", "cursor=acme0")).ids).toEqual([]);
    expect((await list("key-of-acme", "node=node-a")).ids).toEqual([]);
  });

  it("that is known by its hash alone works, and the hash is no key", async () => {
    const as = await setUp();
    expect(await as("key-kept-as-hash", ...issuing)).toBe(201);
    expect(await as(await hashApiKey("key-kept-as-hash"), ...issuing)).toEqual([401, "api_key_invalid"]);
    expect(await as("key-kept-as-has", ...issuing)).toEqual([401, "api_key_invalid"]);
  });

  it("hashes as sha256sum does", async () => {
    const hash = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
    expect(await hashApiKey("foo")).toBe(hash);
  });

  it("with admin may do all of it", async () => {
    const as = await setUp();
    expect(await as("key-of-admins", ...issuing)).toBe(201);
    expect(await as("key-of-admins", "GET", "/v1/rooms")).toBe(200);
  });
});
