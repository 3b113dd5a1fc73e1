import { callNode } from "@fairlead/bus";
import { FairleadError, type ResumeRequest } from "@fairlead/protocol";
import { verifySessionTicket } from "@fairlead/tickets";
import type { SignalingContext } from "../context.ts";
import { admitOpening } from "./admit-opening.ts";
import { assertBus } from "./assert-bus.ts";
import { retryUnreachable, saysSessionLost } from "./send-command.ts";
import { type LinkRegister, type LinkSink, SessionLink } from "./session-link.ts";

/**
 * Attaches a client that comes back to its session, on whatever instance it finds. The registry is not asked.
 *
 * @returns The link, live: `resumed` has been sent to the sink, and what the client missed follows.
 * @throws {FairleadError} `session_invalid`, `session_expired`; `session_gone` when neither session nor node is there any more,
 * after which the client joins anew; `bus_disconnected`, after which it tries again.
 */
export async function resumeSession(
  context: SignalingContext,
  register: LinkRegister,
  request: ResumeRequest,
  sink: LinkSink,
): Promise<SessionLink> {
  const { issuer, now, sessionKeys, bus } = context;
  assertBus(context);
  const claims = await verifySessionTicket(sessionKeys, request.sessionTicket, { issuer, now });
  admitOpening(context);
  const { sub, session, peer, joinedAtMs, room, node, incarnation, epoch, ticketId } = claims;
  const link = new SessionLink(context, register, sink);
  try {
    link.listen(session, room);
    const attach = { sessionId: session, epoch, position: request.position };
    const answer = retryUnreachable(
      context,
      () => callNode(bus, incarnation, "session.attach", attach),
      () => !link.isClosed,
    );
    const { connection } = await link.unlessMoved(epoch, answer);
    await link.start(
      { sub, session, peer, joinedAtMs, room, node, incarnation, epoch, ticketId, connection },
      request.position,
      (sessionTicket) => ({ type: "resumed", sessionTicket, connection }),
    );
    return link;
  } catch (error) {
    link.close();
    throw toResumeError(error);
  }
}

/** A node that does not answer in time is as good as gone to a client that waits for its media. */
function toResumeError(error: unknown): unknown {
  const isTimeout = error instanceof FairleadError && error.code === "node_timeout";
  return isTimeout || saysSessionLost(error) ? new FairleadError("session_gone", { cause: error }) : error;
}
