import { type Bus, encodeJson } from "@fairlead/bus";
import { inBatches, type SessionsAlive, subjects } from "@fairlead/protocol";
import type { SessionInput } from "@fairlead/tickets";

const SESSIONS_PER_MESSAGE = 1_000;

/**
 * Tells a node which of its sessions have a client: their grace times begin anew.
 * @throws {FairleadError} `bus_disconnected`.
 */
export function proveAlive(
  bus: Bus,
  incarnation: string,
  sessions: readonly Pick<SessionInput, "session" | "connection">[],
): void {
  const alive = sessions.map(({ session, connection }) => ({ sessionId: session, connection }));
  for (const batch of inBatches(alive, SESSIONS_PER_MESSAGE)) {
    const message: SessionsAlive = { sessions: batch };
    bus.publish(subjects.nodeSessions(incarnation), encodeJson(message));
  }
}
