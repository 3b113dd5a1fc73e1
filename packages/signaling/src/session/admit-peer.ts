import { FairleadError, type JoinRequest, type TicketClaims } from "@fairlead/protocol";
import { verifySessionTicket, verifyTicket } from "@fairlead/tickets";
import type { SignalingContext } from "../context.ts";

type Keys = Pick<SignalingContext, "ticketKeys" | "sessionKeys" | "issuer" | "now">;

/**
 * Verifies a join's ticket. An expired one still counts for the peer that it admitted before, as the session ticket of its
 * last session proves: a meeting may outlast its tickets, and a room that moves must not lose its peers.
 *
 * @throws {FairleadError} `ticket_…`
 */
export async function admitPeer(context: Keys, join: JoinRequest): Promise<TicketClaims> {
  const options = { issuer: context.issuer, now: context.now };
  try {
    return await verifyTicket(context.ticketKeys, join.ticket, options);
  } catch (error) {
    const isExpired = error instanceof FairleadError && error.code === "ticket_expired";
    const readmitted = isExpired ? await readmit(context, join) : null;
    if (!readmitted) throw error;
    return readmitted;
  }
}

/** @returns null without a session ticket that stands for the same admission. */
async function readmit(
  context: Keys,
  { ticket, previousSession }: JoinRequest,
): Promise<TicketClaims | null> {
  if (previousSession === undefined) return null;
  const options = { issuer: context.issuer, now: context.now };
  const previous = await verifySessionTicket(context.sessionKeys, previousSession, options).catch(asRefusal);
  if (previous === null) return null;
  const claims = await verifyTicket(context.ticketKeys, ticket, { ...options, allowExpired: true });
  const isSamePeer =
    previous.ticketId === claims.jti && previous.room === claims.room && previous.sub === claims.sub;
  return isSamePeer ? claims : null;
}

function asRefusal(error: unknown): null {
  if (error instanceof FairleadError) return null;
  throw error;
}
