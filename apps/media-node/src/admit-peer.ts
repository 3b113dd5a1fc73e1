import {
  type CodecPolicy,
  capabilitiesOf,
  FairleadError,
  type JoinRequest,
  type TicketClaims,
} from "@fairlead/protocol";
import { type KeySet, verifySessionTicket, verifyTicket } from "@fairlead/tickets";

export type AdmissionKeys = { ticketKeys: KeySet; sessionKeys: KeySet; issuer?: string };

/**
 * Verifies a join's ticket, here too, and not only where the request arrived.
 *
 * A session ticket of the same admission (room, identity, ticket id) stands in for an expiry that has passed: the peer was
 * admitted in time, and its room has moved since.
 *
 * @throws {FairleadError} `ticket_*`, `session_*`.
 */
export async function verifyAdmission(
  join: JoinRequest,
  roomId: string,
  keys: AdmissionKeys,
  now: () => number,
): Promise<TicketClaims> {
  const { issuer } = keys;
  const previous = join.previousSession
    ? await verifySessionTicket(keys.sessionKeys, join.previousSession, { issuer, now })
    : null;
  const claims = await verifyTicket(keys.ticketKeys, join.ticket, {
    room: roomId,
    issuer,
    now,
    allowExpired: previous !== null,
  });
  const isSame =
    !previous ||
    (previous.ticketId === claims.jti && previous.sub === claims.sub && previous.room === claims.room);
  if (!isSame)
    throw new FairleadError("session_invalid", { message: "the session ticket belongs to another ticket" });
  return claims;
}

/** @throws {FairleadError} `capabilities_mismatch`, with the fresh ones. */
export function assertCapabilities(join: JoinRequest, policy: CodecPolicy): void {
  const capabilities = capabilitiesOf(policy);
  if (join.capabilitiesVersion !== capabilities.version)
    throw new FairleadError("capabilities_mismatch", { detail: { capabilities } });
}
