import { createMemoryBus } from "@fairlead/bus/memory";
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
