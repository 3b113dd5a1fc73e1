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
      ...{ FAIRLEAD_NATS_SERVERS: "nats://a", FAIRLEAD_REDIS_URL: "redis://b" },
      ...{ FAIRLEAD_TICKET_KEYS: secret, FAIRLEAD_SESSION_KEYS: secret },
    },
  };
}

describe("signaling's settings", () => {
  it("need NATS, Redis and keys; the rest has defaults", async () => {
    const { env } = await environment();
    expect(await readConfig(env)).toMatchObject({
      ...{ host: "0.0.0.0", port: 3_000, publicUrl: undefined, region: undefined, apiKeys: [] },
    });
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

  it("take an API key's hash in place of the key", async () => {
    const { env } = await environment();
    const hash = await hashApiKey("0123456789abcdef");
    for (const given of [hash, hash.toUpperCase()]) {
      const { apiKeys } = await readConfig({ ...env, FAIRLEAD_API_KEYS: `admin=sha256:${given}` });
      expect(apiKeys).toEqual([{ hash, scopes: ["admin"] }]);
    }
    for (const broken of [hash.slice(1), `${hash}0`, hash.replace(/./, "g")]) {
      const read = readConfig({ ...env, FAIRLEAD_API_KEYS: `admin=sha256:${broken}` });
      await expect(read).rejects.toThrow("FAIRLEAD_API_KEYS=(not shown): must be SCOPES=KEY");
    }
  });

  it("take tickets by public keys alone, and then have nothing to sign them with", async () => {
    const { env, publicKeys } = await environment();
    const { ticketKeys } = await readConfig({ ...env, FAIRLEAD_TICKET_KEYS: publicKeys });
    expect([ticketKeys.keys.size, ticketKeys.signer]).toEqual([1, null]);
  });

  it("refuse session keys that can only verify, and API keys without showing them", async () => {
    const { env, publicKeys } = await environment();
    const wrong = { ...env, FAIRLEAD_SESSION_KEYS: publicKeys, FAIRLEAD_API_KEYS: "hush" };
    const refused = await readConfig(wrong).catch((error) => error.message);
    expect(refused).toContain(
      "FAIRLEAD_SESSION_KEYS=(not shown): must be a JWK Set with a private Ed25519 key",
    );
    expect(refused).toContain("FAIRLEAD_API_KEYS=(not shown): must be SCOPES=KEY");
    expect(refused).not.toContain("hush");
  });
});
