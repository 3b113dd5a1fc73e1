import { decodeProtectedHeader, exportJWK, generateKeyPair, type JWK } from "jose";
import { describe, expect, it } from "vitest";
import { exportKeySet, generateKeySet, importKeySet, type KeySet, publicJwks } from "./key-set.ts";
import { issueTicket, verifyTicket } from "./room-ticket.ts";

const refusal = (code: string) => expect.objectContaining({ name: "FairleadError", code });
const ticketOf = async (keySet: KeySet) =>
  (await issueTicket(keySet, { room: "standup", identity: "u1" })).ticket;

describe("a key set", () => {
  it("is the same after export and import", async () => {
    const keySet = await generateKeySet();
    const saved = JSON.parse(JSON.stringify(await exportKeySet(keySet)));
    const loaded = await importKeySet(saved);
    expect(loaded.signer?.kid).toBe(keySet.signer?.kid);
    expect((await verifyTicket(keySet, await ticketOf(loaded))).sub).toBe("u1");
  });

  it("publishes no private part", async () => {
    const keySet = await generateKeySet();
    const [key] = publicJwks(keySet).keys;
    expect(Object.keys(key ?? {}).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
    expect(JSON.stringify(keySet)).not.toContain('"d"');
  });

  it("names a key by its thumbprint (RFC 8037 appendix A.3)", async () => {
    const x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const { keys } = await importKeySet({ keys: [{ kty: "OKP", crv: "Ed25519", x }] });
    expect(keys.map(({ kid }) => kid)).toEqual(["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]);
  });

  it("refuses other key types, and no keys at all", async () => {
    const es384 = await exportJWK((await generateKeyPair("ES384")).publicKey);
    const rsa = await exportJWK((await generateKeyPair("RS256")).publicKey);
    for (const keys of [[es384], [rsa], []])
      await expect(importKeySet({ keys })).rejects.toEqual(refusal("invalid_request"));
  });

  it("refuses a point that is on no curve, and a secret that is no base64url", async () => {
    const [jwk] = publicJwks(await generateKeySet({ alg: "ES256" })).keys;
    const k = `${"A".repeat(42)}!`;
    for (const key of [
      { ...jwk, y: "A".repeat(43) },
      { kty: "oct", k, kid: "app" },
    ] as JWK[])
      await expect(importKeySet({ keys: [key] })).rejects.toEqual(refusal("invalid_request"));
  });

  it("refuses a symmetric key of less than 256 bits, and one without an id of its own", async () => {
    const short = { kty: "oct", k: "A".repeat(42), kid: "app" };
    const nameless = { kty: "oct", k: "A".repeat(43) };
    for (const key of [short, nameless])
      await expect(importKeySet({ keys: [key] })).rejects.toEqual(refusal("invalid_request"));
    expect((await importKeySet({ keys: [{ ...nameless, kid: "app" }] })).signer?.alg).toBe("HS256");
  });

  it.each(["EdDSA", "Ed25519", "ES256", "HS256"] as const)(
    "refuses a key of %s that names another algorithm",
    async (own) => {
      const { keys } = await exportKeySet(await generateKeySet({ alg: own }));
      for (const alg of ["EdDSA", "ES256", "HS256", "HS512", "none"].filter((other) => other !== own)) {
        if (own === "Ed25519" && alg === "EdDSA") continue;
        const renamed = importKeySet({ keys: keys.map((key) => ({ ...key, alg })) });
        await expect(renamed, alg).rejects.toEqual(refusal("invalid_request"));
      }
    },
  );
});

describe.each(["EdDSA", "Ed25519", "ES256", "HS256"] as const)("a key set of %s", (alg) => {
  it("signs tickets that name the algorithm, and verifies them after export and import", async () => {
    const keySet = await generateKeySet({ alg });
    const ticket = await ticketOf(keySet);
    expect(decodeProtectedHeader(ticket)).toMatchObject({ alg, kid: keySet.signer?.kid });
    const loaded = await importKeySet(JSON.parse(JSON.stringify(await exportKeySet(keySet))));
    expect((await verifyTicket(loaded, ticket)).sub).toBe("u1");
  });

  it("publishes nothing that could sign", async () => {
    const keySet = await generateKeySet({ alg });
    const published = publicJwks(keySet).keys;
    expect(published).toHaveLength(alg === "HS256" ? 0 : 1);
    for (const key of published) expect(key).not.toHaveProperty("d");
    expect(JSON.stringify([published, keySet])).not.toMatch(/"[dk]"/);
  });
});

describe("rotation", () => {
  it("never refuses a ticket while the sets of signers and verifiers overlap", async () => {
    const [oldKey, newKey] = [await generateKeySet(), await generateKeySet()];
    const [o, n] = [(await exportKeySet(oldKey)).keys, (await exportKeySet(newKey)).keys];
    // Processes take each step at different times, so neighbouring steps must read each other's tickets.
    const steps = await Promise.all([o, [...o, ...n], [...n, ...o]].map((keys) => importKeySet({ keys })));
    for (const [index, issuer] of steps.entries()) {
      const ticket = await ticketOf(issuer);
      for (const verifier of steps.slice(Math.max(0, index - 1), index + 2))
        expect((await verifyTicket(verifier, ticket)).room).toBe("standup");
    }
    expect(steps.map((step) => step.signer?.kid)).toEqual([
      oldKey.signer?.kid,
      oldKey.signer?.kid,
      newKey.signer?.kid,
    ]);
  });

  it("ends for the old key when it leaves the set: ticket_unknown_key", async () => {
    const [oldKey, newKey] = [await generateKeySet(), await generateKeySet()];
    await expect(verifyTicket(newKey, await ticketOf(oldKey))).rejects.toEqual(refusal("ticket_unknown_key"));
  });
});
