import { callNode } from "@fairlead/bus";
import { FairleadError, isSessionLost, type NodeCallReply } from "@fairlead/protocol";
import { ratesOf } from "../abuse/count-rates.ts";
import type { Caller } from "../http/caller.ts";

/** A session's address, and the right to it. */
export type SessionAccess = {
  broadcastId: string;
  /** Of the node that opened it. */
  incarnation: string;
  sessionId: string;
  /** SHA-256 of the bearer token of this request; null: it has none. */
  bearer: string | null;
};

/**
 * Trickle ICE or an ICE restart. One call to the node that has the session, without the registry.
 *
 * @param ifMatch The header as it came; null: none came.
 * @throws {FairleadError} `sdp_session_not_found`, `precondition_required`, `precondition_failed`, `rate_limited`, what the node refuses with.
 */
export function patchSession(
  caller: Caller,
  access: SessionAccess,
  { fragment, ifMatch }: { fragment: string; ifMatch: string | null },
): Promise<NodeCallReply<"sdp_session.patch">> {
  return call(caller, () =>
    callNode(caller.bus, access.incarnation, "sdp_session.patch", {
      ...toRequest(access),
      fragment,
      ifMatch,
    }),
  );
}

/** @throws {FairleadError} `sdp_session_not_found`, `rate_limited`. */
export async function closeSession(caller: Caller, access: SessionAccess): Promise<void> {
  await call(caller, () => callNode(caller.bus, access.incarnation, "sdp_session.close", toRequest(access)));
}

function toRequest({ broadcastId, sessionId, bearer }: SessionAccess) {
  return { roomId: broadcastId, sessionId, bearer };
}

/** An address that has guessed too much makes no more work for nodes. */
async function call<T>({ shared, address }: Caller, ask: () => Promise<T>): Promise<T> {
  const strangers = ratesOf(shared.rateLimits, { stranger: address });
  try {
    return await shared.refusedAddresses.unless(strangers, ask);
  } catch (error) {
    if (!(error instanceof FairleadError) || !isGone(error)) throw error;
    // Nodes are not back on the bus yet.
    if (error.code === "node_unreachable" && shared.busHistory.isSettling) throw error;
    throw new FairleadError("sdp_session_not_found");
  }
}

/** Also a node of a build that has no such sessions. */
function isGone({ code }: FairleadError): boolean {
  return isSessionLost(code) || code === "unknown_command";
}
