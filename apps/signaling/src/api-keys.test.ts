import { hashApiKey } from "@fairlead/signaling";
import { describe, expect, it } from "vitest";
import { ApiKeys } from "./api-keys.ts";

const hash = await hashApiKey("0123456789abcdef");

describe("API keys of the environment", () => {
  it("have scopes, joined by +, and are kept as hashes", async () => {
    expect(await ApiKeys.parseAsync("admin=0123456789abcdef, tickets+rooms=fedcba9876543210==")).toEqual([
      { hash, scopes: ["admin"] },
      { hash: await hashApiKey("fedcba9876543210=="), scopes: ["tickets", "rooms"] },
    ]);
  });

  it("may be bound to the rooms of a prefix, and have a name for the log", async () => {
    expect(await ApiKeys.parseAsync("shop:tickets+read@shop-=0123456789abcdef")).toEqual([
      { hash, name: "shop", scopes: ["tickets", "read"], roomPrefix: "shop-" },
    ]);
    expect(await ApiKeys.parseAsync("rooms@a=0123456789abcdef")).toEqual([
      { hash, scopes: ["rooms"], roomPrefix: "a" },
    ]);
  });

  it.each([hash, hash.toUpperCase()])("may be given as hashes: %s", async (given) => {
    expect(await ApiKeys.parseAsync(`admin=sha256:${given}`)).toEqual([{ hash, scopes: ["admin"] }]);
  });

  it.each([
    "0123456789abcdef",
    "admin=short",
    "root=0123456789abcdef",
    "rooms@=0123456789abcdef",
    "rooms@a.b=0123456789abcdef",
    "a b:rooms=0123456789abcdef",
    "rooms=0123456789abcdef,rooms@a=0123456789abcdef",
    "=0123456789abcdef",
    "admin=0123456789abcdef,",
    `admin=sha256:${hash.slice(1)}`,
    `admin=sha256:${hash}0`,
    `admin=sha256:${hash.replace(/./, "g")}`,
  ])("%s is none", async (text) => {
    expect((await ApiKeys.safeParseAsync(text)).success).toBe(false);
  });
});
