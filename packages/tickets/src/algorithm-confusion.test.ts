import { type CryptoKey, exportSPKI, type JWTHeaderParameters, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import { exportKeySet, generateKeySet, importKeySet, type KeySet } from "./key-set.ts";
import { issueTicket, verifyTicket } from "./room-ticket.ts";

const ALGORITHMS = ["EdDSA", "Ed25519", "ES256", "HS256"] as const;
type Algorithm = (typeof ALGORITHMS)[number];

/** A key set with a key of every kind, as of a cluster in the middle of a change of algorithm. */
const single = Object.fromEntries(
  await Promise.all(ALGORITHMS.map(async (alg) => [alg, await generateKeySet({ alg })] as const)),
) as Record<Algorithm, KeySet>;
const exported = await Promise.all(Object.values(single).map(exportKeySet));
const mixed = await importKeySet({ keys: exported.flatMap(({ keys }) => keys) });
const { claims } = await issueTicket(mixed, { room: "r", identity: "ann" });

const signerOf = (alg: Algorithm) => single[alg].signer ?? expect.fail("it signs");
const verdictOn = (ticket: string) =>
  verifyTicket(mixed, ticket).then(
    ({ sub }) => sub,
    ({ code }) => code,
  );

async function sign(header: JWTHeaderParameters, key: CryptoKey | Uint8Array): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ typ: "fairlead-ticket+jwt", ...header }).sign(key);
}

/** An attacker's knowledge of a key pair, in every form that a verifier may take for a secret. */
async function publicForms(alg: "EdDSA" | "ES256"): Promise<Uint8Array[]> {
  const { verifyingKey, publicJwk } = signerOf(alg);
  const spki = await exportSPKI(verifyingKey);
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", verifyingKey));
  const texts = [spki, `${spki.trim()}\n`, JSON.stringify(publicJwk), publicJwk?.x ?? ""];
  return [raw, Buffer.from(publicJwk?.x ?? "", "base64url"), ...texts.map((text) => Buffer.from(text))];
}

describe("a key of a mixed set", () => {
  it.each(ALGORITHMS)("of %s verifies its own tickets", async (alg) => {
    const { kid, signingKey } = signerOf(alg);
    expect(await verdictOn(await sign({ alg, kid }, signingKey))).toBe("ann");
  });

  it.each(
    ALGORITHMS.flatMap((named) => ALGORITHMS.filter((by) => by !== named).map((by) => [named, by] as const)),
  )("of %s verifies nothing that a key of %s signed under its id", async (named, by) => {
    const { kid } = signerOf(named);
    const forged = await sign({ alg: by, kid }, signerOf(by).signingKey);
    expect(await verdictOn(forged)).toBe("ticket_invalid");
  });

  it.each(["EdDSA", "ES256"] as const)("of %s is no HMAC secret, in whatever form", async (alg) => {
    const { kid } = signerOf(alg);
    for (const bytes of await publicForms(alg))
      expect(await verdictOn(await sign({ alg: "HS256", kid }, bytes))).toBe("ticket_invalid");
  });

  it.each(ALGORITHMS)("of %s verifies no ticket of alg none", async (alg) => {
    const { kid } = signerOf(alg);
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
    const header = encode({ typ: "fairlead-ticket+jwt", alg: "none", kid });
    expect(await verdictOn(`${header}.${encode(claims)}.`)).toBe("ticket_invalid");
    expect(await verdictOn(new UnsecuredJWT(claims).encode())).toBe("ticket_invalid");
  });

  it("serves no algorithm of its family but its own: HS512 with the HS256 key", async () => {
    const { kid, signingKey } = signerOf("HS256");
    const raw = new Uint8Array(await crypto.subtle.exportKey("raw", signingKey));
    // RFC 7518 § 3.2 wants 512 bits for it: the same bytes twice stand for a longer key.
    const forged = await sign({ alg: "HS512", kid }, new Uint8Array([...raw, ...raw]));
    expect(await verdictOn(forged)).toBe("ticket_invalid");
  });

  it("is found by id alone: a wrong one is ticket_unknown_key", async () => {
    const { signingKey } = signerOf("HS256");
    for (const kid of ["", "none", "__proto__", "x".repeat(10_000)])
      expect(await verdictOn(await sign({ alg: "HS256", kid }, signingKey))).toBe("ticket_unknown_key");
  });
});
