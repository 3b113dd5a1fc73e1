import { FairleadError, type SessionClaims } from "@fairlead/protocol";
import { verifySessionTicket } from "@fairlead/tickets";
import type { Context } from "hono";
import type { SignalingProcess } from "../signaling-process.ts";

export type SessionBearer = { sessionTicket: string; session: SessionClaims };

/**
 * Reads `Authorization: Bearer <session ticket>`, which must be of the session that the path names.
 * @throws {FairleadError} `session_invalid`, `session_expired`.
 */
export async function readSessionTicket(
  c: Context,
  { sessionKeys, issuer, now }: SignalingProcess,
  sessionId: string,
): Promise<SessionBearer> {
  const sessionTicket = /^Bearer +(\S+)$/i.exec(c.req.header("Authorization") ?? "")?.[1];
  if (sessionTicket === undefined)
    throw new FairleadError("session_invalid", { message: "no session ticket: Authorization: Bearer …" });
  const session = await verifySessionTicket(sessionKeys, sessionTicket, { issuer, now });
  if (session.session !== sessionId)
    throw new FairleadError("session_invalid", { message: "another session's ticket" });
  return { sessionTicket, session };
}
