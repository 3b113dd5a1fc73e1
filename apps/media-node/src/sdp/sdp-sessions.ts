import { FairleadError } from "@fairlead/protocol";
import type { SdpSession } from "./sdp-session.ts";

export type SdpSessionAccess = {
  roomId: string;
  /** SHA-256 of the bearer token that it was opened with; null: it was opened without one. */
  bearer: string | null;
};

type Known = SdpSessionAccess & { session: SdpSession };

/** The sessions of this node, by id. It forgets those that have ended, and closes none. */
export class SdpSessions {
  readonly #known = new Map<string, Known>();

  get size(): number {
    return this.#known.size;
  }

  add(session: SdpSession, access: SdpSessionAccess): void {
    const { sessionId } = session;
    this.#known.set(sessionId, { ...access, session });
    void session.ended.then(() => this.#known.delete(sessionId));
  }

  /** @throws {FairleadError} `sdp_session_not_found`, also to those who have its id and not its bearer. */
  find(sessionId: string, { roomId, bearer }: SdpSessionAccess): SdpSession {
    const known = this.#known.get(sessionId);
    if (!known || known.session.isClosed || known.roomId !== roomId || known.bearer !== bearer)
      throw new FairleadError("sdp_session_not_found");
    return known.session;
  }
}
