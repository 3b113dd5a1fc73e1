import { callNode } from "@fairlead/bus";
import { FairleadError, type ResumeRequest } from "@fairlead/protocol";
import { verifySessionTicket } from "@fairlead/tickets";
import { unlessRefused } from "../abuse/refused-openings.ts";
import type { Caller } from "../http/caller.ts";
import { admitOpening, assertBus } from "./admit-opening.ts";
import type { LinkSink } from "./link-sink.ts";
import { overlapIn } from "./moved.ts";
import { retryUnreachable, saysSessionLost } from "./send-command.ts";
import { type LinkRegister, SessionLink } from "./session-link.ts";

/** A session has one more resume after this time. */
const RESUME_RETRY_MS = 1_000;

/**
 * Attaches a client that comes back to its session, on whatever instance it finds. The registry is not asked.
 *
 * @returns The link, live: `resumed` has been sent to the sink, and what the client missed follows.
 * @throws {FairleadError} `session_invalid`, `session_expired`, `too_many_frames`; `session_gone` when neither session nor node is there any more,
 * after which the client joins anew; `bus_disconnected`, after which it tries again.
 */
export async function resumeSession(
  caller: Caller,
  register: LinkRegister,
  request: ResumeRequest,
  sink: LinkSink,
): Promise<SessionLink> {
  const { shared, bus } = caller;
  const { issuer, now, sessionKeys } = shared;
  assertBus(shared);
  const { sessionTicket } = request;
  const claims = await unlessRefused(shared.refusedTickets, sessionTicket, async () => {
    const verified = await verifySessionTicket(sessionKeys, sessionTicket, { issuer, now });
    if (!shared.resumes.take(verified.session))
      throw new FairleadError("too_many_frames", { retryAfterMs: RESUME_RETRY_MS });
    return verified;
  });
  admitOpening(shared);
  const { sub, session, peer, joinedAtMs, room, node, incarnation, epoch, ticketId } = claims;
  const link = new SessionLink(caller, register, sink);
  try {
    link.listen(session, room);
    const attach = { sessionId: session, epoch, position: request.position, inbox: register.inbox.id };
    const answer = retryUnreachable(
      shared,
      () => callNode(bus, incarnation, "session.attach", attach),
      () => !link.isClosed,
    );
    const { connection, acksByPing } = await link.unlessMoved(epoch, answer);
    await link.start(
      { sub, session, peer, joinedAtMs, room, node, incarnation, epoch, ticketId, connection },
      request.position,
      (fresh) => ({ type: "resumed", sessionTicket: fresh, connection, acksByPing }),
    );
    shared.metrics.count("session.resumed");
    return link;
  } catch (error) {
    link.close();
    throw toResumeError(error);
  }
}

/** A node that does not answer in time is as good as gone to a client that waits for its media. */
function toResumeError(error: unknown): unknown {
  const isTimeout = error instanceof FairleadError && error.code === "node_timeout";
  if (!isTimeout && !saysSessionLost(error)) return error;
  const overlapMs = overlapIn(error);
  const detail = overlapMs === undefined ? undefined : { overlapMs };
  return new FairleadError("session_gone", { cause: error, detail });
}
