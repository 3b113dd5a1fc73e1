import { exportKeySet, generateKeySet } from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { type Environment, parseSettings } from "./parse-settings.ts";
import { ticketConfig, ticketSettings } from "./ticket-settings.ts";

const read = async (env: Environment) => ticketConfig(await parseSettings(z.object(ticketSettings), env));

describe("the settings of tickets", () => {
  it.each(["EdDSA", "ES256", "HS256"] as const)("take keys of %s", async (alg) => {
    const keys = await exportKeySet(await generateKeySet({ alg }));
    const { ticketKeys, issuer } = await read({ FAIRLEAD_TICKET_KEYS: JSON.stringify(keys) });
    expect([ticketKeys.signer?.alg, ticketKeys.published, issuer]).toEqual([alg, undefined, undefined]);
  });

  it.each(["https://a.example/jwks", " https://a.example/jwks , http://localhost:1/j", "http://[::1]:1/j"])(
    "take JWKS URLs in place of keys: %s",
    async (urls) => {
      const given = { FAIRLEAD_TICKET_JWKS_URLS: urls, FAIRLEAD_ISSUER: "cluster-2" };
      const { ticketKeys, issuer } = await read(given);
      expect([ticketKeys.signer, issuer]).toEqual([null, "cluster-2"]);
      expect(ticketKeys.published).toBeDefined();
    },
  );

  it("bind a JWKS URL to the rooms of a prefix", async () => {
    const ticketKeys = [] as unknown[];
    for (const urls of [
      "acme-=https://a.example/j?x=y@z",
      "acme-=https://a.example/j, other-=https://b.example/j",
    ])
      ticketKeys.push((await read({ FAIRLEAD_TICKET_JWKS_URLS: urls })).ticketKeys);
    expect(ticketKeys).toEqual([
      expect.objectContaining({ published: expect.anything() }),
      expect.objectContaining({ published: expect.anything() }),
    ]);
  });

  it.each([
    "a.b=https://a.example/jwks",
    "=https://a.example/jwks",
    "http://a.example/jwks",
    "http://127.0.0.1.a.example/jwks",
    "https://user:password@a.example/jwks",
    "https://:password@a.example/jwks",
    "https://user@a.example/jwks",
    "file:///etc/jwks.json",
    "a.example/jwks",
    Array.from({ length: 9 }, (_, index) => `https://${index}.example`).join(","),
  ])("refuse %s as a JWKS URL", async (urls) => {
    await expect(read({ FAIRLEAD_TICKET_JWKS_URLS: urls })).rejects.toThrow(
      "FAIRLEAD_TICKET_JWKS_URLS=(not shown): must be at most 8 https:// URLs",
    );
  });

  it("are refused when nothing verifies tickets", async () => {
    await expect(read({})).rejects.toThrow(
      "FAIRLEAD_TICKET_KEYS, FAIRLEAD_TICKET_JWKS_URLS or both must be set",
    );
  });
});
