import { describe, expect, it } from "vitest";
import { exportKeySet, generateKeySet, importKeySet, type Jwks, type KeySet, publicJwks } from "./key-set.ts";
import { issueTicket, verifyTicket } from "./room-ticket.ts";
import { createTicketKeys } from "./ticket-keys.ts";

const WRONG_ROOM = expect.objectContaining({ code: "ticket_wrong_room" });
const ALGORITHMS = ["EdDSA", "ES256", "HS256"] as const;

/** A fresh key of an app, as the app signs with it. */
async function makeApp(members: object = {}, alg: (typeof ALGORITHMS)[number] = "EdDSA") {
  const { keys } = await exportKeySet(await generateKeySet({ alg }));
  const jwks: Jwks = { keys: keys.map((key) => ({ ...key, ...members })) };
  return { jwks, signing: await importKeySet({ keys: keys.map((key) => ({ ...key, ...kidOf(members) })) }) };
}

const kidOf = (members: { kid?: string }) => (members.kid === undefined ? {} : { kid: members.kid });
const ticketBy = async (keys: KeySet, room: string) =>
  (await issueTicket(keys, { room, identity: "ann" })).ticket;

/** Verifiers that know each of `bound` by a URL of its own, with that prefix. */
function published(bound: Record<string, KeySet>, { away = [] as string[] } = {}) {
  const fetch = async (url: string) => {
    const name = new URL(url).hostname.split(".")[0] ?? "";
    const keys = bound[name];
    if (!keys || away.includes(name)) throw new Error("no way to it");
    return Response.json(publicJwks(keys));
  };
  const jwksUrls = Object.keys(bound).map((name) => ({
    url: `https://${name}.example/j`,
    roomPrefix: `${name}-`,
  }));
  return createTicketKeys({ jwksUrls, fetch });
}

describe("a key that is bound to a room prefix", () => {
  it.each(ALGORITHMS)("of %s admits to its rooms and to no other", async (alg) => {
    const { jwks, signing } = await makeApp({ roomPrefix: "acme-" }, alg);
    const verifiers = await importKeySet(jwks);
    for (const room of ["acme-", "acme-standup"])
      expect((await verifyTicket(verifiers, await ticketBy(signing, room))).room).toBe(room);
    for (const room of ["acme", "acm", "ACME-standup", "other-acme-"])
      await expect(verifyTicket(verifiers, await ticketBy(signing, room))).rejects.toEqual(WRONG_ROOM);
  });

  it("stays bound where its public part is published", async () => {
    const { jwks, signing } = await makeApp({ roomPrefix: "acme-" });
    const elsewhere = published({ acme: await importKeySet(publicJwks(await importKeySet(jwks))) });
    expect((await verifyTicket(elsewhere, await ticketBy(signing, "acme-1"))).room).toBe("acme-1");
    const narrower = published({
      acme: await importKeySet({ keys: jwks.keys.map((key) => ({ ...key, roomPrefix: "acme-eu-" })) }),
    });
    await expect(verifyTicket(narrower, await ticketBy(signing, "acme-1"))).rejects.toEqual(WRONG_ROOM);
  });

  it("signs for its rooms alone: of several the first that may", async () => {
    const [acme, other] = await Promise.all([
      makeApp({ roomPrefix: "acme-" }),
      makeApp({ roomPrefix: "other-" }),
    ]);
    const both = await importKeySet({ keys: [...acme.jwks.keys, ...other.jwks.keys] });
    for (const room of ["acme-1", "other-1"])
      expect((await verifyTicket(both, await ticketBy(both, room))).room).toBe(room);
    await expect(ticketBy(both, "third-1")).rejects.toMatchObject({ code: "ticket_signer_missing" });
  });
});

describe("the prefix belongs to the key that verified the signature, not to its kid", () => {
  it("in a set in which two keys have the same kid, each is tried", async () => {
    const [acme, other, stranger] = await Promise.all([
      makeApp({ kid: "1", roomPrefix: "acme-" }),
      makeApp({ kid: "1", roomPrefix: "other-" }),
      makeApp({ kid: "1" }),
    ]);
    const verifiers = await importKeySet({ keys: [...acme.jwks.keys, ...other.jwks.keys] });
    expect((await verifyTicket(verifiers, await ticketBy(acme.signing, "acme-1"))).room).toBe("acme-1");
    expect((await verifyTicket(verifiers, await ticketBy(other.signing, "other-1"))).room).toBe("other-1");
    await expect(verifyTicket(verifiers, await ticketBy(other.signing, "acme-1"))).rejects.toEqual(
      WRONG_ROOM,
    );
    const invalid = expect.objectContaining({ code: "ticket_invalid" });
    await expect(verifyTicket(verifiers, await ticketBy(stranger.signing, "acme-1"))).rejects.toEqual(
      invalid,
    );
  });

  it("over JWKS URLs too, one of which may not have been asked yet", async () => {
    const [acme, other] = await Promise.all([makeApp({ kid: "1" }), makeApp({ kid: "1" })]);
    const verifiers = published({ acme: acme.signing, other: other.signing });
    expect((await verifyTicket(verifiers, await ticketBy(acme.signing, "acme-1"))).room).toBe("acme-1");
    expect((await verifyTicket(verifiers, await ticketBy(other.signing, "other-1"))).room).toBe("other-1");
    await expect(verifyTicket(verifiers, await ticketBy(other.signing, "acme-1"))).rejects.toEqual(
      WRONG_ROOM,
    );
    await expect(verifyTicket(verifiers, await ticketBy(acme.signing, "other-1"))).rejects.toEqual(
      WRONG_ROOM,
    );
  });

  it("a server that was never heard may have the right key of that kid: ticket_keys_unreachable", async () => {
    const [acme, other] = await Promise.all([makeApp({ kid: "1" }), makeApp({ kid: "1" })]);
    const verifiers = published({ acme: acme.signing, other: other.signing }, { away: ["other"] });
    expect((await verifyTicket(verifiers, await ticketBy(acme.signing, "acme-1"))).room).toBe("acme-1");
    await expect(verifyTicket(verifiers, await ticketBy(other.signing, "other-1"))).rejects.toMatchObject({
      code: "ticket_keys_unreachable",
    });
  });
});
