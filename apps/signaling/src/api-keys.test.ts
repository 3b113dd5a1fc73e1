import { describe, expect, it } from "vitest";
import { ApiKeys } from "./api-keys.ts";

describe("API keys of the environment", () => {
  it("have scopes, joined by +", () => {
    expect(ApiKeys.parse("admin=0123456789abcdef, tickets+rooms=fedcba9876543210==")).toEqual([
      { key: "0123456789abcdef", scopes: ["admin"] },
      { key: "fedcba9876543210==", scopes: ["tickets", "rooms"] },
    ]);
  });

  it.each([
    "0123456789abcdef",
    "root=0123456789abcdef",
    "admin=short",
    "=0123456789abcdef",
    "admin=0123456789abcdef,",
  ])("%s is none", (text) => {
    expect(ApiKeys.safeParse(text).success).toBe(false);
  });
});
