import { exportJWK, generateKeyPair } from "jose";
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
    expect([...keys.keys()]).toEqual(["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]);
  });

  it("refuses other key types, two keys with one kid, and no keys at all", async () => {
    const ed25519 = publicJwks(await generateKeySet()).keys;
    const es256 = await exportJWK((await generateKeyPair("ES256")).publicKey);
    const secret = { kty: "oct", k: "c2VjcmV0", alg: "HS256" };
    for (const keys of [[es256], [secret], [...ed25519, ...ed25519], []])
      await expect(importKeySet({ keys })).rejects.toEqual(refusal("invalid_request"));
  });

  it("refuses a key that names an algorithm which is not its own", async () => {
    const keys = publicJwks(await generateKeySet()).keys.map((key) => ({ ...key, alg: "HS256" }));
    await expect(importKeySet({ keys })).rejects.toEqual(refusal("invalid_request"));
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
