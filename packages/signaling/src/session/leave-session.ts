import { callNode } from "@fairlead/bus";
import type { SessionInput } from "@fairlead/tickets";
import type { Caller } from "../http/caller.ts";
import { retryUnreachable, saysSessionLost } from "./send-command.ts";

/**
 * Frees a session whose client has left; its stream of events ends with `session_left`. One that is gone already is fine.
 * @throws {FairleadError} `session_replaced`: another connection has the session; `node_timeout`, `bus_disconnected`.
 */
export async function leaveSession(
  caller: Caller,
  { session, incarnation, connection }: SessionInput,
): Promise<void> {
  const leave = () => callNode(caller.bus, incarnation, "session.leave", { sessionId: session, connection });
  try {
    await retryUnreachable(caller.shared, leave);
  } catch (error) {
    if (!saysSessionLost(error)) throw error;
  }
}
