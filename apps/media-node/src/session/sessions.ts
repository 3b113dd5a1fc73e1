import { type ErrorCode, endsForGood, FairleadError } from "@fairlead/protocol";
import type { Peer } from "../room/peer.ts";

/** Longer than clients try to come back. */
const ENDED_KEPT_MS = 60_000;

/** Whose session is whose, over all rooms. */
export class Sessions {
  readonly #now: () => number;
  readonly #peers = new Map<string, Peer>();
  /** Oldest first. */
  readonly #ended = new Map<string, { code: ErrorCode; atMs: number }>();

  /** @param now Milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  add(sessionId: string, peer: Peer): void {
    this.#peers.set(sessionId, peer);
  }

  peerIfHere(sessionId: string): Peer | undefined {
    const peer = this.#peers.get(sessionId);
    return peer?.isClosed ? undefined : peer;
  }

  /**
   * @throws {FairleadError} `session_gone`: never here, left, or moved away. Who was put out is told why, and does not come back
   * for want of knowing it: `session_replaced`, `peer_removed`, `room_closed`.
   */
  peerOf(sessionId: string, epoch?: number): Peer {
    const peer = this.peerIfHere(sessionId);
    if (!peer || (epoch !== undefined && peer.session.epoch !== epoch))
      throw new FairleadError(this.endOf(sessionId));
    return peer;
  }

  /** Why one that is not here is over; `session_gone`: nobody was put out. */
  endOf(sessionId: string): ErrorCode {
    const code = this.#peers.get(sessionId)?.session.endCode ?? this.#ended.get(sessionId)?.code;
    return code && endsForGood(code) ? code : "session_gone";
  }

  /** Forgets those that are over, and after a minute why. */
  prune(): void {
    const nowMs = this.#now();
    for (const [sessionId, { isClosed, session }] of this.#peers) {
      if (!isClosed) continue;
      this.#peers.delete(sessionId);
      if (session.endCode) this.#ended.set(sessionId, { code: session.endCode, atMs: nowMs });
    }
    for (const [sessionId, { atMs }] of this.#ended) {
      if (nowMs - atMs < ENDED_KEPT_MS) break;
      this.#ended.delete(sessionId);
    }
  }
}
