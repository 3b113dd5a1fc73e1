import { FairleadError } from "@fairlead/protocol";
import type { Peer } from "../room/peer.ts";

/** Whose session is whose, over all rooms. */
export class Sessions {
  readonly #peers = new Map<string, Peer>();

  add(sessionId: string, peer: Peer): void {
    this.#peers.set(sessionId, peer);
  }

  peerIfHere(sessionId: string): Peer | undefined {
    const peer = this.#peers.get(sessionId);
    return peer?.isClosed ? undefined : peer;
  }

  /** @throws {FairleadError} `session_gone`: never here, left, or moved away. */
  peerOf(sessionId: string, epoch?: number): Peer {
    const peer = this.peerIfHere(sessionId);
    if (!peer || (epoch !== undefined && peer.session.epoch !== epoch))
      throw new FairleadError("session_gone");
    return peer;
  }

  /** Forgets those that are over. */
  prune(): void {
    for (const [sessionId, peer] of this.#peers) if (peer.isClosed) this.#peers.delete(sessionId);
  }
}
