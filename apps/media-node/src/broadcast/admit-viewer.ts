import { FairleadError, type TicketClaims } from "@fairlead/protocol";
import { verifyTicket } from "@fairlead/tickets";
import type { Room } from "../room/room.ts";
import type { RoomBroadcast } from "./room-broadcast.ts";
import type { SdpCallsDeps } from "./sdp-calls-deps.ts";

/** @returns null for a viewer without a ticket. @throws {FairleadError} `ticket_…`: also for a peer's ticket. */
export async function verifyViewer(
  ticket: string | null,
  room: string,
  { keys, now }: Pick<SdpCallsDeps, "keys" | "now">,
): Promise<TicketClaims | null> {
  if (ticket === null) return null;
  const claims = await verifyTicket(keys.ticketKeys, ticket, { room, issuer: keys.issuer, now });
  if (claims.role === "viewer") return claims;
  throw new FairleadError("ticket_wrong_audience", { message: "a viewer's ticket is needed" });
}

/**
 * @param claims Of its ticket; null: it has none.
 * @throws {FairleadError} `ticket_invalid`: the broadcast is private, and a ticket is needed; `banned`.
 */
export function assertWelcome(room: Room, { record }: RoomBroadcast, claims: TicketClaims | null): void {
  if (!claims && record.visibility === "private")
    throw new FairleadError("ticket_invalid", {
      message: "a viewer's ticket is needed: Authorization: Bearer …",
    });
  if (claims && room.bans.has({ identity: claims.sub, ticketId: claims.jti }))
    throw new FairleadError("banned");
}
