import { FairleadError, type JoinRequest, type TicketClaims } from "@fairlead/protocol";
import { verifyPreviousSession } from "@fairlead/tickets";
import type { SignalingProcess } from "../signaling-process.ts";

/** Within a session's grace time, unless the operator has cut that short. */
const SPREAD_MS = 10_000;

/**
 * Lets in as many clients as this process can take at once. When a deploy drops all sockets the rest come back spread over ten
 * seconds. Called for tickets that have verified, so that strangers can't use it up.
 * @throws {FairleadError} `signaling_full` with `retryAfterMs`.
 */
export function admitOpening({ openings, random }: SignalingProcess): void {
  if (!openings || openings.take()) return;
  const [high = 0, low = 0] = random(new Uint8Array(2));
  const share = (high * 256 + low) / 65_536;
  throw new FairleadError("signaling_full", { retryAfterMs: Math.round(share * SPREAD_MS) });
}

/**
 * Spares clients that come back by the hundred what could lead to nothing anyway: signatures, and a placement with its debit.
 * @throws {FairleadError} `bus_disconnected`.
 */
export function assertBus({ bus }: SignalingProcess): void {
  if (!bus.isConnected) throw new FairleadError("bus_disconnected");
}

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
