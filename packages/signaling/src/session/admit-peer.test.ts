import type { JoinRequest } from "@fairlead/protocol";
import { generateKeySet, issueSessionTicket, issueTicket } from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import { admitPeer } from "./admit-peer.ts";

const BEGIN = 1_800_000_000_000;
const grants = { publish: [], subscribe: true, data: false, moderate: false };

async function setUp(admittedBy: "the same ticket" | "another ticket") {
  const [ticketKeys, sessionKeys] = await Promise.all([generateKeySet(), generateKeySet()]);
  const input = { room: "r", identity: "ann", grants, ttlS: 60 };
  const issued = await issueTicket(ticketKeys, input, { now: () => BEGIN });
  const other = await issueTicket(ticketKeys, input, { now: () => BEGIN });
  const previousSession = await issueSessionTicket(
    sessionKeys,
    {
      ...{ sub: "ann", session: "s", peer: "p", room: "r", node: "n", incarnation: "i", epoch: 1 },
      ticketId: admittedBy === "the same ticket" ? issued.claims.jti : other.claims.jti,
      connection: 1,
    },
    { now: () => BEGIN },
  );
  const join: JoinRequest = {
    ...{ protocolVersion: 1, joinId: "join-1234", ticket: issued.ticket, capabilitiesVersion: "v" },
    ...{ rtpCapabilities: {}, autoSubscribe: true },
  };
  const at = (ms: number) => ({ ticketKeys, sessionKeys, issuer: "fairlead", now: () => BEGIN + ms });
  return { at, join, rejoin: { ...join, previousSession } };
}

describe("admitting a peer", () => {
  it("refuses an expired ticket with ticket_expired", async () => {
    const { at, join } = await setUp("the same ticket");
    await expect(admitPeer(at(3_600_000), join)).rejects.toMatchObject({ code: "ticket_expired" });
  });

  it("takes an expired ticket from the peer that it admitted before", async () => {
    const { at, rejoin } = await setUp("the same ticket");
    expect(await admitPeer(at(1_800_000), rejoin)).toMatchObject({ sub: "ann", room: "r" });
  });

  it("refuses an expired ticket beside the session of another ticket", async () => {
    const { at, rejoin } = await setUp("another ticket");
    await expect(admitPeer(at(1_800_000), rejoin)).rejects.toMatchObject({ code: "ticket_expired" });
  });

  it("refuses an expired ticket beside an expired session", async () => {
    const { at, rejoin } = await setUp("the same ticket");
    await expect(admitPeer(at(7_200_000), rejoin)).rejects.toMatchObject({ code: "ticket_expired" });
  });

  it("takes a valid ticket whatever session came before", async () => {
    const { at, rejoin } = await setUp("another ticket");
    expect(await admitPeer(at(0), rejoin)).toMatchObject({ sub: "ann" });
  });
});
