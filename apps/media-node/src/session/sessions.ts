import { type ErrorCode, endsForGood, FairleadError } from "@fairlead/protocol";
import type { PeerInRoom } from "../room/room.ts";

/** Longer than clients try to come back to a session. */
const ENDED_KEPT_MS = 60_000;

/** The peers of this node by session, over all rooms. */
export class Sessions {
  readonly #now: () => number;
  readonly #peers = new Map<string, PeerInRoom>();
  /** Oldest first. */
  readonly #ended = new Map<string, { code: ErrorCode; atMs: number }>();

  /** @param now Milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  add(sessionId: string, member: PeerInRoom): void {
    this.#peers.set(sessionId, member);
  }

  peerIfHere(sessionId: string): PeerInRoom | undefined {
    const found = this.#peers.get(sessionId);
    // Where the room lingers, the peer's media is there still.
    return found?.peer.isClosed || found?.peer.session.isOver ? undefined : found;
  }

  /**
   * @throws {FairleadError} `session_gone`: never here, left, or moved away. Who was put out is told why, and does not come back
   * for want of knowing it: `session_replaced`, `peer_removed`, `room_closed`.
   */
  peerOf(sessionId: string, epoch?: number): PeerInRoom {
    const found = this.peerIfHere(sessionId);
    if (!found || (epoch !== undefined && found.peer.session.epoch !== epoch))
      throw this.goneError(sessionId);
    return found;
  }

  /** Why one that is not here is over; `session_gone`: nobody was put out. */
  endOf(sessionId: string): ErrorCode {
    const code = this.#peers.get(sessionId)?.peer.session.endCode ?? this.#ended.get(sessionId)?.code;
    return code && endsForGood(code) ? code : "session_gone";
  }

  /** What a call to a session is refused with that is not here, or not any more; with what is left of its overlap. */
  goneError(sessionId: string): FairleadError {
    const code = this.endOf(sessionId);
    const { session, isClosed } = this.#peers.get(sessionId)?.peer ?? {};
    const overlapMs = code === "session_gone" && !isClosed ? session?.overlapLeftMs : 0;
    return new FairleadError(code, overlapMs ? { detail: { overlapMs } } : {});
  }

  /** Forgets the sessions that are over; after a minute also why they ended. */
  prune(): void {
    const nowMs = this.#now();
    for (const [sessionId, { peer }] of this.#peers) {
      if (!peer.isClosed) continue;
      this.#peers.delete(sessionId);
      const { endCode: code } = peer.session;
      if (code) this.#ended.set(sessionId, { code, atMs: nowMs });
    }
    for (const [sessionId, { atMs }] of this.#ended) {
      if (nowMs - atMs < ENDED_KEPT_MS) break;
      this.#ended.delete(sessionId);
    }
  }
}
