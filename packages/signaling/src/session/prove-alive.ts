import { type Bus, encodeJson } from "@fairlead/bus";
import { inBatches, type Position, type SessionsAlive, subjects } from "@fairlead/protocol";
import type { SessionInput } from "@fairlead/tickets";

const SESSIONS_PER_MESSAGE = 1_000;

/** A session with a client. `position`: the client has all events up to it. */
export type ProofOfLife = Pick<SessionInput, "session" | "connection" | "incarnation"> & {
  position?: Position;
};

/**
 * Tells a node which of its sessions have a client: their grace times begin anew.
 * @throws {FairleadError} `bus_disconnected`.
 */
export function proveAlive(bus: Bus, incarnation: string, sessions: readonly ProofOfLife[]): void {
  const alive = sessions.map(({ session, connection, position }) => ({
    sessionId: session,
    connection,
    position,
  }));
  for (const batch of inBatches(alive, SESSIONS_PER_MESSAGE)) {
    const message: SessionsAlive = { sessions: batch };
    bus.publish(subjects.nodeSessions(incarnation), encodeJson(message));
  }
}
