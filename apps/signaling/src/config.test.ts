import { hashApiKey } from "@fairlead/signaling";
import { exportKeySet, generateKeySet, publicJwks } from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

async function environment() {
  const keys = await generateKeySet();
  const secret = JSON.stringify(await exportKeySet(keys));
  return {
    publicKeys: JSON.stringify(publicJwks(keys)),
    env: {
      FAIRLEAD_NATS_SERVERS: "nats://a",
      FAIRLEAD_REDIS_URL: "redis://b",
      FAIRLEAD_TICKET_KEYS: secret,
      FAIRLEAD_SESSION_KEYS: secret,
    },
  };
}

describe("signaling's settings", () => {
  it("take a URL of RTMP for the API to tell", async () => {
    const { env } = await environment();
    expect((await readConfig(env)).rtmpUrl).toBeUndefined();
    const rtmpUrl = "rtmps://live.example.org/live";
    expect(await readConfig({ ...env, FAIRLEAD_RTMP_URL: rtmpUrl })).toMatchObject({ rtmpUrl });
    await expect(readConfig({ ...env, FAIRLEAD_RTMP_URL: "https://a/live" })).rejects.toThrow(
      "FAIRLEAD_RTMP_URL",
    );
  });

  it("need NATS, Redis and keys; the rest has defaults", async () => {
    const { env } = await environment();
    expect(await readConfig(env)).toMatchObject({
      host: "0.0.0.0",
      port: 3_000,
      publicUrl: undefined,
      region: undefined,
      apiKeys: [],
      placing: {},
    });
  });

  it("say how new rooms are placed, and in which order groups of nodes are asked for more", async () => {
    const { env } = await environment();
    const filling = { FAIRLEAD_PLACEMENT: "fill", FAIRLEAD_GROUPS: "eu, us+gpu" };
    expect((await readConfig({ ...env, ...filling })).placing).toEqual({
      fills: true,
      groups: ["eu", "us+gpu"],
    });
    await expect(readConfig({ ...env, FAIRLEAD_GROUPS: "e u" })).rejects.toThrow("FAIRLEAD_GROUPS");
  });

  it("have limits that a meeting behind one address does not reach, and let all pages in", async () => {
    const { env } = await environment();
    const often = { limit: 3_000, windowMs: 60_000 };
    expect(await readConfig(env)).toMatchObject({
      rateLimits: { address: often, room: { ...often, limit: 30_000 }, key: { ...often, limit: 6_000 } },
      origins: "*",
      trustedProxies: 0,
      limits: { unjoinedPerAddress: 100 },
    });
    const crowd = await readConfig({ ...env, FAIRLEAD_LIMIT_UNJOINED: "2000" });
    expect(crowd.limits).toEqual({ unjoinedPerAddress: 2_000 });
  });

  it("take limits as N/S or off, and origins as a browser says them", async () => {
    const { env } = await environment();
    const limits = { FAIRLEAD_LIMIT_ADDRESS: "5/1", FAIRLEAD_LIMIT_KEY: "off", FAIRLEAD_LIMIT_ROOM: "off" };
    const origins = {
      FAIRLEAD_ORIGINS:
        "https://a.example, http://b.example:8080, capacitor://localhost, app://-, tauri://localhost",
    };
    expect(await readConfig({ ...env, ...limits, ...origins, FAIRLEAD_TRUSTED_PROXIES: "2" })).toMatchObject({
      rateLimits: { address: { limit: 5, windowMs: 1_000 } },
      ...{
        origins: [
          ...["https://a.example", "http://b.example:8080"],
          ...["capacitor://localhost", "app://-", "tauri://localhost"],
        ],
        trustedProxies: 2,
      },
    });
    const wrong = [
      ...["5", "0/1", "1/0", "5/1s", "-1/1", "OFF", "1000001/1", "1/86401"].map((text) => [
        "FAIRLEAD_LIMIT_ROOM",
        text,
      ]),
      ...["capacitor://", "capacitor://Localhost", "capacitor://localhost/", "capacitor://a@b", "data:x"].map(
        (text) => ["FAIRLEAD_ORIGINS", text],
      ),
      ...["a.example", "https://a.example/", "https://a.example/x", "*,https://a.example"].map((text) => [
        "FAIRLEAD_ORIGINS",
        text,
      ]),
      ...["-1", "11"].map((text) => ["FAIRLEAD_TRUSTED_PROXIES", text]),
    ] as const;
    for (const [name = "", value] of wrong)
      await expect(readConfig({ ...env, [name]: value }), `${name}=${value}`).rejects.toThrow(
        `${name}="${value}": must be`,
      );
  });

  it("give each API key its scopes, and keep nothing of it but its hash", async () => {
    const { env } = await environment();
    const keys = "admin=0123456789abcdef, tickets+rooms=0123=456=789abcdef";
    const { apiKeys } = await readConfig({ ...env, FAIRLEAD_API_KEYS: keys });
    expect(apiKeys).toEqual([
      { hash: await hashApiKey("0123456789abcdef"), scopes: ["admin"] },
      { hash: await hashApiKey("0123=456=789abcdef"), scopes: ["tickets", "rooms"] },
    ]);
  });

  it("take tickets by public keys alone, and then have nothing to sign them with", async () => {
    const { env, publicKeys } = await environment();
    const { ticketKeys } = await readConfig({ ...env, FAIRLEAD_TICKET_KEYS: publicKeys });
    expect([ticketKeys.keys.length, ticketKeys.signer]).toEqual([1, null]);
  });

  it("refuse session keys that can only verify, and API keys without showing them", async () => {
    const { env, publicKeys } = await environment();
    const wrong = { ...env, FAIRLEAD_SESSION_KEYS: publicKeys, FAIRLEAD_API_KEYS: "hush" };
    const refused = await readConfig(wrong).catch((error) => error.message);
    expect(refused).toContain(
      "FAIRLEAD_SESSION_KEYS=(not shown): must be a JWK Set with a private Ed25519 key",
    );
    expect(refused).toContain("FAIRLEAD_API_KEYS=(not shown): must be POWERS=KEY");
    expect(refused).not.toContain("hush");
  });
});
