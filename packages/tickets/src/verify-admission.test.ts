import { describe, expect, it } from "vitest";
import { generateKeySet } from "./key-set.ts";
import { issueTicket } from "./room-ticket.ts";
import { issueSessionTicket } from "./session-ticket.ts";
import { verifyAdmission, verifyPreviousSession } from "./verify-admission.ts";

const BEGIN = 1_800_000_000_000;
const grants = { publish: [], subscribe: true, data: false, moderate: false };
const place = {
  session: "s",
  peer: "p",
  joinedAtMs: 5,
  node: "n",
  incarnation: "i",
  epoch: 1,
  connection: 1,
};

const DAY = 86_400_000;

type Session = { of?: "another ticket"; sub?: string; room?: string; issuedMs?: number };

/** A ticket for one minute, and a session ticket for one hour. */
async function setUp({ of, sub = "ann", room = "r", issuedMs = 0 }: Session = {}) {
  const [ticketKeys, sessionKeys] = await Promise.all([generateKeySet(), generateKeySet()]);
  const input = { room: "r", identity: "ann", grants, ttlS: 60 };
  const { ticket, claims } = await issueTicket(ticketKeys, input, { now: () => BEGIN });
  const session = { ...place, sub, room, ticketId: of === "another ticket" ? "other" : claims.jti };
  const previousSession = await issueSessionTicket(sessionKeys, session, { now: () => BEGIN + issuedMs });
  const verify = (ms: number, tickets: { previousSession?: string }, roomId?: string) =>
    verifyAdmission(
      { ticketKeys, sessionKeys },
      { ticket, ...tickets },
      { room: roomId, now: () => BEGIN + ms },
    );
  const previousOf = (ticket = previousSession) =>
    verifyPreviousSession({ sessionKeys }, ticket, { claims, now: () => BEGIN });
  return { verify, previousSession, previousOf };
}

const expired = { code: "ticket_expired" };
const MINUTE = 60_000;

describe("admitting a peer", () => {
  it("refuses an expired ticket with ticket_expired", async () => {
    const { verify } = await setUp();
    await expect(verify(30 * MINUTE, {})).rejects.toMatchObject(expired);
  });

  it("takes an expired ticket from the peer that it admitted before", async () => {
    const { verify, previousSession } = await setUp();
    expect(await verify(30 * MINUTE, { previousSession })).toMatchObject({ sub: "ann", room: "r" });
  });

  it.each([
    ["of another ticket", { of: "another ticket" }],
    ["of another identity", { sub: "eve" }],
    ["of another room", { room: "elsewhere" }],
    ["that has expired", { issuedMs: -60 * MINUTE }],
  ] as const)("refuses an expired ticket beside a session %s", async (_which, session) => {
    const { verify, previousSession } = await setUp(session);
    await expect(verify(30 * MINUTE, { previousSession })).rejects.toMatchObject(expired);
  });

  it("refuses a ticket that expired a day ago, however fresh the session", async () => {
    const { verify, previousSession } = await setUp({ issuedMs: DAY + 2 * MINUTE });
    await expect(verify(DAY + 2 * MINUTE, { previousSession })).rejects.toMatchObject(expired);
  });

  it("refuses an expired ticket beside a session ticket that is none", async () => {
    const { verify } = await setUp();
    await expect(verify(30 * MINUTE, { previousSession: "a.b.c" })).rejects.toMatchObject(expired);
  });

  it.each([
    ["of another ticket", { of: "another ticket" }],
    ["that has expired", { issuedMs: -120 * MINUTE }],
  ] as const)("takes a valid ticket beside a session %s", async (_which, session) => {
    const { verify, previousSession } = await setUp(session);
    expect(await verify(0, { previousSession })).toMatchObject({ sub: "ann" });
  });

  it("refuses a ticket for another room, expired or not", async () => {
    const { verify, previousSession } = await setUp();
    const wrong = { code: "ticket_wrong_room" };
    await expect(verify(0, { previousSession }, "elsewhere")).rejects.toMatchObject(wrong);
    await expect(verify(30 * MINUTE, { previousSession }, "elsewhere")).rejects.toMatchObject(wrong);
  });
});

describe("what a session ticket proves of a peer that joins again", () => {
  it.each([
    ["its own", {}],
    ["its own, by an older ticket", { of: "another ticket" }],
  ] as const)("its peer id and joining time, if it is %s", async (_which, session) => {
    const { previousOf } = await setUp(session);
    expect(await previousOf()).toMatchObject({ peer: "p", joinedAtMs: 5 });
  });

  it.each([
    ["another identity's", { sub: "eve" }],
    ["of another room", { room: "elsewhere" }],
    ["one that has expired", { issuedMs: -120 * MINUTE }],
  ] as const)("nothing, if it is %s", async (_which, session) => {
    const { previousOf } = await setUp(session);
    expect(await previousOf()).toBeNull();
  });

  it("nothing, if somebody else signed it, or it was changed", async () => {
    const { previousOf, previousSession } = await setUp();
    const { previousSession: foreign } = await setUp();
    const changed = `${previousSession.slice(0, -20)}${"A".repeat(20)}`;
    expect([await previousOf(foreign), await previousOf(changed)]).toEqual([null, null]);
  });
});
