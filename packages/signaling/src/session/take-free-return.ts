import type { JoinRequest, TicketClaims } from "@fairlead/protocol";
import { verifyPreviousSession } from "@fairlead/tickets";
import type { SignalingProcess } from "../signaling-process.ts";

/**
 * Takes one of the joins that count for nothing, if this is one: its peer was in this room already, as the session ticket proves,
 * and comes back because the room has moved. A big meeting does so at once, often from one address. Each identity so often and no
 * more in a process, or one ticket would be good for joins without end.
 *
 * @returns false for a join that counts like any other.
 */
export async function takeFreeReturn(
  shared: SignalingProcess,
  { previousSession }: Pick<JoinRequest, "previousSession">,
  claims: TicketClaims,
): Promise<boolean> {
  if (previousSession === undefined) return false;
  const { issuer, now, freeReturns } = shared;
  const previous = await verifyPreviousSession(shared, previousSession, { claims, issuer, now });
  return previous !== null && freeReturns.take(`${claims.room} ${claims.sub}`);
}
