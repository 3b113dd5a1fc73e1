import { FairleadError, type SessionClaims, type TicketClaims } from "@fairlead/protocol";
import type { KeySet } from "./key-set.ts";
import { type VerifyTicketOptions, verifyTicket } from "./room-ticket.ts";
import { type VerifySessionOptions, verifySessionTicket } from "./session-ticket.ts";
import type { TicketKeys } from "./ticket-keys.ts";

/** Each join gives a new session ticket, so without an end one ticket would admit for ever. */
const READMISSION_MAX_S = 86_400;

export type AdmissionKeys = { ticketKeys: TicketKeys; sessionKeys: KeySet };

/** A join's proofs: its ticket, and the session ticket of the peer's last session if it had one. */
export type AdmissionTickets = { ticket: string; previousSession?: string };

export type AdmissionOptions = Pick<VerifyTicketOptions, "room" | "issuer" | "now">;

/**
 * Verifies a join's ticket. An expired one still counts for the peer that it admitted before, as the session ticket of its
 * last session proves, for a day: a meeting may outlast its tickets, and a room that moves must not lose its peers.
 *
 * `previousSession` matters only then; it must be valid, and of the same ticket, identity and room.
 *
 * @throws {FairleadError} `ticket_*`.
 */
export async function verifyAdmission(
  keys: AdmissionKeys,
  tickets: AdmissionTickets,
  options: AdmissionOptions = {},
): Promise<TicketClaims> {
  try {
    return await verifyTicket(keys.ticketKeys, tickets.ticket, options);
  } catch (error) {
    const isExpired = error instanceof FairleadError && error.code === "ticket_expired";
    const readmitted = isExpired ? await readmit(keys, tickets, options) : null;
    if (!readmitted) throw error;
    return readmitted;
  }
}

/**
 * @param options.claims Of the join's ticket, verified; the peer may have had another one then.
 * @returns What `previousSession` proves of the peer; null unless it verifies and is of the same identity in the same room. One
 * that has expired proves nothing: a peer that was frozen for so long comes back as a new one.
 */
export async function verifyPreviousSession(
  { sessionKeys }: Pick<AdmissionKeys, "sessionKeys">,
  previousSession: string,
  { claims, ...options }: VerifySessionOptions & { claims: TicketClaims },
): Promise<SessionClaims | null> {
  const previous = await previousOf(sessionKeys, previousSession, options);
  return previous?.room === claims.room && previous.sub === claims.sub ? previous : null;
}

/** @returns null without a session ticket that stands for the same admission. */
async function readmit(
  { ticketKeys, sessionKeys }: AdmissionKeys,
  { ticket, previousSession }: AdmissionTickets,
  options: AdmissionOptions,
): Promise<TicketClaims | null> {
  if (previousSession === undefined) return null;
  const { issuer, now } = options;
  const previous = await previousOf(sessionKeys, previousSession, { issuer, now });
  if (previous === null) return null;
  const claims = await verifyTicket(ticketKeys, ticket, { ...options, allowExpired: true });
  const isLongOver = (now ?? Date.now)() / 1_000 > claims.exp + READMISSION_MAX_S;
  return isSameAdmission(previous, claims) && !isLongOver ? claims : null;
}

/** @returns null for a session ticket that does not verify. */
function previousOf(
  sessionKeys: KeySet,
  previousSession: string,
  options: VerifySessionOptions,
): Promise<SessionClaims | null> {
  return verifySessionTicket(sessionKeys, previousSession, options).catch((error: unknown) => {
    if (error instanceof FairleadError) return null;
    throw error;
  });
}

function isSameAdmission(previous: SessionClaims, claims: TicketClaims): boolean {
  return previous.ticketId === claims.jti && previous.room === claims.room && previous.sub === claims.sub;
}
