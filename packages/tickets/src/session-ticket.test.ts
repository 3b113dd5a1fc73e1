import { describe, expect, it } from "vitest";
import { generateKeySet } from "./key-set.ts";
import { issueTicket } from "./room-ticket.ts";
import { issueSessionTicket, type SessionInput, verifySessionTicket } from "./session-ticket.ts";

const NOW_MS = 1_700_000_000_000;
const now = () => NOW_MS;
const later = (seconds: number) => () => NOW_MS + seconds * 1_000;

const session: SessionInput = {
  sub: "user-1",
  session: "s1",
  peer: "p1",
  room: "standup",
  node: "node-1",
  incarnation: "i1",
  epoch: 1_700_000_000_000,
  ticketId: "t1",
  connection: 2,
};

const keySet = await generateKeySet();
const ticket = await issueSessionTicket(keySet, session, { now });
const refusal = (code: string) => expect.objectContaining({ name: "FairleadError", code });

describe("a session ticket", () => {
  it("says where the session lives, for an hour by default", async () => {
    expect(await verifySessionTicket(keySet, ticket, { now })).toEqual({
      ...session,
      iss: "fairlead",
      aud: "fairlead/session",
      iat: 1_700_000_000,
      exp: 1_700_003_600,
    });
  });

  it("ends with session_expired, 10 s of leeway after exp", async () => {
    const short = await issueSessionTicket(keySet, session, { now, ttlS: 60 });
    expect((await verifySessionTicket(keySet, short, { now: later(69.9) })).session).toBe("s1");
    const late = { now: later(70) };
    await expect(verifySessionTicket(keySet, short, late)).rejects.toEqual(refusal("session_expired"));
  });

  it("of an unknown key, of another issuer or tampered is refused with session_invalid", async () => {
    const [header, payload = "", signature] = ticket.split(".");
    const changed = JSON.stringify({ ...JSON.parse(atob(payload)), peer: "p2" });
    const tampered = [header, btoa(changed).replaceAll("=", ""), signature].join(".");
    const others = await generateKeySet();
    await expect(verifySessionTicket(others, ticket, { now })).rejects.toEqual(refusal("session_invalid"));
    await expect(verifySessionTicket(keySet, tampered, { now })).rejects.toEqual(refusal("session_invalid"));
    const other = verifySessionTicket(keySet, ticket, { now, issuer: "other" });
    await expect(other).rejects.toEqual(refusal("session_invalid"));
  });

  it("is not made of a room ticket of the same keys, even one for its audience", async () => {
    const room = await issueTicket(
      keySet,
      { room: "standup", identity: "user-1" },
      { audience: "fairlead/session" },
    );
    await expect(verifySessionTicket(keySet, room.ticket)).rejects.toEqual(refusal("session_invalid"));
  });

  it("is not issued for claims that no verifier would read", async () => {
    const verdict = issueSessionTicket(keySet, { ...session, connection: 0 });
    await expect(verdict).rejects.toEqual(refusal("invalid_request"));
  });
});
