import { ErrorBody, FairleadError, METADATA_LIMIT_BYTES, toErrorBody } from "@fairlead/protocol";
import { CompactSign, decodeProtectedHeader, exportJWK, exportSPKI, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import { generateKeySet, importKeySet, type KeySet, publicJwks } from "./key-set.ts";
import { issueTicket, type TicketInput, verifyTicket } from "./room-ticket.ts";
import { issueSessionTicket } from "./session-ticket.ts";

const NOW_MS = 1_700_000_000_000;
const now = () => NOW_MS;
const later = (seconds: number) => () => NOW_MS + seconds * 1_000;

const input: TicketInput = {
  room: "standup",
  identity: "user-1",
  name: "Ada",
  metadata: '{"team":"blue"}',
  grants: { publish: ["microphone"], subscribe: true, data: false, moderate: true },
  ttlS: 60,
};

const keySet = await generateKeySet();
const { ticket, claims } = await issueTicket(keySet, input, { now });
const refusal = (code: string) => expect.objectContaining({ name: "FairleadError", code });

/** Signs any header and payload with the set's own key, as only its holder could. */
async function forge(header: object, payload: unknown = claims, by: KeySet = keySet): Promise<string> {
  const { signer } = by;
  if (!signer) throw new Error("no signer");
  const bytes = new TextEncoder().encode(JSON.stringify(payload));
  const full = { typ: "fairlead-ticket+jwt", alg: signer.alg, kid: signer.kid, ...header };
  return new CompactSign(bytes).setProtectedHeader(full).sign(signer.signingKey);
}

describe("a room ticket", () => {
  it("carries room, identity, name, metadata, grants, issuer, audience, expiry and a key id", async () => {
    expect(await verifyTicket(keySet, ticket, { now, room: "standup" })).toEqual({
      iss: "fairlead",
      aud: "fairlead/room",
      sub: "user-1",
      jti: claims.jti,
      iat: 1_700_000_000,
      exp: 1_700_000_060,
      room: "standup",
      name: "Ada",
      metadata: '{"team":"blue"}',
      grants: { publish: ["microphone"], subscribe: true, data: false, moderate: true },
    });
    expect(decodeProtectedHeader(ticket)).toEqual({
      typ: "fairlead-ticket+jwt",
      alg: "EdDSA",
      kid: keySet.signer?.kid,
    });
  });

  it("has an id of 128 random bits, from the given source", async () => {
    const { claims } = await issueTicket(keySet, input, { now, random: (bytes) => bytes.fill(7) });
    expect(claims.jti).toBe("BwcHBwcHBwcHBwcHBwcHBw");
  });

  it("is verified with the public keys alone", async () => {
    const verifiers = await importKeySet(publicJwks(keySet));
    expect(await verifyTicket(verifiers, ticket, { now })).toEqual(claims);
  });

  it.each<[string, (ticket: string) => string]>([
    ["a line's end behind it", (text) => `${text}\n`],
    ["whitespace before it", (text) => ` ${text}`],
    ["whitespace in it", (text) => text.replace(".", ".\n")],
    ["padding", (text) => `${text}==`],
    ["another part", (text) => `${text}.e30`],
    ["a part less", (text) => text.slice(0, text.lastIndexOf("."))],
    ["no signature", (text) => text.slice(0, text.lastIndexOf(".") + 1)],
  ])("with %s is refused with ticket_invalid", async (_, change) => {
    const verdict = verifyTicket(keySet, change(ticket), { now });
    await expect(verdict).rejects.toEqual(refusal("ticket_invalid"));
  });

  it("for another room is refused with ticket_wrong_room", async () => {
    const verdict = verifyTicket(keySet, ticket, { now, room: "other" });
    await expect(verdict).rejects.toEqual(refusal("ticket_wrong_room"));
  });

  it.each([
    ["with ours among several audiences", { aud: ["another/service", "fairlead/room"] }, {}],
    ["with a media type in another case as its typ", {}, { typ: "application/Fairlead-Ticket+JWT" }],
    [
      "with times that have fractions",
      { iat: 1_700_000_000.25, nbf: 1_699_999_999.5, exp: 1_700_000_060.75 },
      {},
    ],
  ])("%s admits, as the RFCs allow", async (_, changed, header) => {
    const token = await forge(header, { ...claims, ...changed });
    expect(await verifyTicket(keySet, token, { now })).toMatchObject({ sub: "user-1", ...changed });
  });

  it.each([[["another/service"]], [[]]])("for the audiences %j is refused", async (aud) => {
    const token = await forge({}, { ...claims, aud });
    await expect(verifyTicket(keySet, token, { now })).rejects.toEqual(refusal("ticket_wrong_audience"));
  });

  it.each([".", ".."])(
    "for the identity %j, which no ban could name in its URL, is refused",
    async (identity) => {
      await expect(issueTicket(keySet, { ...input, identity })).rejects.toEqual(refusal("invalid_request"));
      const token = await forge({}, { ...claims, sub: identity });
      await expect(verifyTicket(keySet, token, { now })).rejects.toEqual(refusal("ticket_invalid"));
    },
  );

  it.each(["\u200b\u2060", "\u3164", "\u2800 \u00ad", "\u202e\u2066"])(
    "with a name of which nobody sees anything (%j) has none",
    async (name) => {
      const { claims: issued } = await issueTicket(keySet, { ...input, name }, { now });
      expect(issued.name).toBe("");
      const token = await forge({}, { ...claims, name });
      expect(await verifyTicket(keySet, token, { now })).toMatchObject({ name: "" });
    },
  );

  it("for another audience is refused with ticket_wrong_audience, of another issuer with ticket_invalid", async () => {
    const audience = verifyTicket(keySet, ticket, { now, audience: "other" });
    await expect(audience).rejects.toEqual(refusal("ticket_wrong_audience"));
    const issuer = verifyTicket(keySet, ticket, { now, issuer: "other" });
    await expect(issuer).rejects.toEqual(refusal("ticket_invalid"));
    const own = await issueTicket(keySet, input, { now, issuer: "other", audience: "cluster-2" });
    const verdict = verifyTicket(keySet, own.ticket, { now, issuer: "other", audience: "cluster-2" });
    expect((await verdict).aud).toBe("cluster-2");
  });
});

describe("a ticket's time", () => {
  it("ends with ticket_expired, 10 s of leeway after exp", async () => {
    expect(await verifyTicket(keySet, ticket, { now: later(69.9) })).toEqual(claims);
    const verdict = verifyTicket(keySet, ticket, { now: later(70) });
    await expect(verdict).rejects.toEqual(refusal("ticket_expired"));
  });

  it("may be over where the caller allows it", async () => {
    expect(await verifyTicket(keySet, ticket, { now: later(9_999), allowExpired: true })).toEqual(claims);
  });

  it("begins at nbf: before, less 10 s, ticket_not_yet_valid says when to come back", async () => {
    const notBefore = NOW_MS / 1_000 + 100;
    const { ticket } = await issueTicket(keySet, { ...input, notBefore }, { now });
    const early = verifyTicket(keySet, ticket, { now: later(89) });
    await expect(early).rejects.toEqual(
      expect.objectContaining({ code: "ticket_not_yet_valid", retryAfterMs: 1_000 }),
    );
    expect((await verifyTicket(keySet, ticket, { now: later(90) })).nbf).toBe(notBefore);
    // ttlS counts from nbf.
    expect((await verifyTicket(keySet, ticket, { now: later(169) })).exp).toBe(notBefore + 60);
  });

  it.each([["nbf"], ["exp"], ["iat"]])(
    "whose %s no clock reaches, or none had, is refused",
    async (claim) => {
      for (const seconds of [1.16e160, 8.64e12 + 1, -1]) {
        const unreachable = await forge({}, { ...claims, [claim]: seconds });
        await expect(verifyTicket(keySet, unreachable, { now })).rejects.toEqual(refusal("ticket_invalid"));
      }
    },
  );

  it("is not issued for a time that no clock reaches", async () => {
    const issued = issueTicket(keySet, { ...input, notBefore: 8.64e12 }, { now });
    await expect(issued).rejects.toEqual(refusal("invalid_request"));
  });

  it("that begins when time ends says so in whole milliseconds", async () => {
    const { ticket } = await issueTicket(keySet, { ...input, notBefore: 8.64e12 - 86_400 }, { now });
    const error = await verifyTicket(keySet, ticket, { now }).catch((thrown: unknown) => thrown);
    expect(ErrorBody.parse(toErrorBody(error)).code).toBe("ticket_not_yet_valid");
  });
});

describe("issuing", () => {
  it("refuses metadata over 4 KB of UTF-8 with invalid_request", async () => {
    const fits = { ...input, metadata: "é".repeat(METADATA_LIMIT_BYTES / 2) };
    expect((await issueTicket(keySet, fits, { now })).claims.metadata).toBe(fits.metadata);
    const verdict = issueTicket(keySet, { ...input, metadata: `${fits.metadata}x` }, { now });
    await expect(verdict).rejects.toEqual(refusal("invalid_request"));
  });

  it("refuses a room id, a source or a life that the protocol does not know", async () => {
    for (const bad of [
      { room: "a.b" },
      { ttlS: 0 },
      { ttlS: 86_401 },
      { grants: { publish: ["tv" as never] } },
    ])
      await expect(issueTicket(keySet, { ...input, ...bad })).rejects.toEqual(refusal("invalid_request"));
  });

  it("is refused with invalid_request for a set of public keys", async () => {
    const verifiers = await importKeySet(publicJwks(keySet));
    await expect(issueTicket(verifiers, input)).rejects.toEqual(refusal("invalid_request"));
  });
});

describe("a forged ticket", () => {
  const cases: [string, string, () => Promise<string> | string][] = [
    ["with one flipped bit in the payload", "ticket_invalid", () => tamper(ticket, 1)],
    ["with one flipped bit in the signature", "ticket_invalid", () => tamper(ticket, 2)],
    ["without a signature", "ticket_invalid", () => `${ticket.split(".").slice(0, 2).join(".")}.`],
    ["that is no JWT", "ticket_invalid", () => "garbage"],
    ["with alg none", "ticket_invalid", () => new UnsecuredJWT(claims).encode()],
    ["signed HS256 with the public key as secret", "ticket_invalid", signWithPublicKeyAsSecret],
    ["without an id (jti)", "ticket_invalid", () => forge({}, { ...claims, jti: undefined })],
    ["with another typ", "ticket_invalid", () => forge({ typ: "JWT" })],
    ["with the name of its key's algorithm changed", "ticket_invalid", () => forge({ alg: "Ed25519" })],
    ["with a critical header nobody knows", "ticket_invalid", unknownCriticalHeader],
    ["with claims of another shape", "ticket_invalid", () => forge({}, { ...claims, room: 7 })],
    ["that is signed, but no JSON object", "ticket_invalid", () => forge({}, "text")],
    ["of an unknown key", "ticket_unknown_key", async () => forge({}, claims, await generateKeySet())],
    ["without a key id", "ticket_unknown_key", () => forge({ kid: undefined })],
    ["that brings its own key", "ticket_unknown_key", () => forgeWithOwnKey()],
    ["that brings its own key under a known id", "ticket_invalid", () => forgeWithOwnKey(keySet.signer?.kid)],
  ];

  it.each(cases)("%s is refused with %s", async (_, code, make) => {
    const verdict = verifyTicket(keySet, await make(), { now });
    await expect(verdict).rejects.toEqual(refusal(code));
  });

  it("that is a session ticket of the same keys is refused with ticket_invalid", async () => {
    const session = await issueSessionTicket(keySet, {
      sub: "user-1",
      session: "s1",
      peer: "p1",
      room: "standup",
      node: "n1",
      incarnation: "i1",
      epoch: 1,
      ticketId: claims.jti,
      connection: 1,
    });
    await expect(verifyTicket(keySet, session)).rejects.toEqual(refusal("ticket_invalid"));
  });

  it("is refused without a word of what it holds", async () => {
    const secret = await forge({}, { ...claims, room: "secret room!", grants: { publish: ["secret"] } });
    const error = await verifyTicket(keySet, secret, { now }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FairleadError);
    expect(String(error)).not.toContain("secret");
  });
});

function tamper(jwt: string, part: 1 | 2): string {
  const parts = jwt.split(".");
  const text = parts[part] ?? "";
  parts[part] = text.slice(0, 9) + (text[9] === "A" ? "B" : "A") + text.slice(10);
  return parts.join(".");
}

/** The classic confusion: the attacker knows the public key, and hopes the verifier takes it for an HMAC secret. */
async function signWithPublicKeyAsSecret(): Promise<string> {
  const key = keySet.signer;
  if (!key) throw new Error("no signer");
  const secret = new TextEncoder().encode(await exportSPKI(key.verifyingKey));
  return new SignJWT(claims)
    .setProtectedHeader({ typ: "fairlead-ticket+jwt", alg: "HS256", kid: key.kid })
    .sign(secret);
}

async function forgeWithOwnKey(kid?: string): Promise<string> {
  const attacker = await generateKeySet();
  const key = attacker.signer;
  if (!key) throw new Error("no signer");
  const jku = "https://attacker.example/keys";
  return forge(
    { kid, jwk: await exportJWK(key.verifyingKey), jku, x5u: jku, x5c: ["AAAA"] },
    claims,
    attacker,
  );
}

/** Signed well, so that only the header's demand can be what is refused (RFC 7515 § 4.1.11). */
async function unknownCriticalHeader(): Promise<string> {
  const key = keySet.signer;
  if (!key) throw new Error("no signer");
  const header = { typ: "fairlead-ticket+jwt", alg: key.alg, kid: key.kid, crit: ["novel"], novel: 1 };
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader(header)
    .sign(key.signingKey, { crit: { novel: true } });
}
