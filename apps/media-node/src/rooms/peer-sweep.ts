import { SESSIONS_ALIVE_INTERVAL_MS } from "@fairlead/protocol";
import { tellAbsences } from "../room/absences.ts";
import type { Peer } from "../room/peer.ts";
import type { Sessions } from "../session/sessions.ts";
import type { Rooms } from "./rooms.ts";

export type SweepOptions = { rooms: Rooms; sessions: Sessions; graceMs: number; now: () => number };

/** Sweeps are a fraction of this apart: a longer pause between two means that the process did not run. */
const STANDSTILL_MS = 2_000;
/** How many proofs of life may be missing before a session counts as silent. */
const MISSED_PROOFS = 4;

/**
 * The grace time of a peer whose page has gone. Some proxies say the same of clients that live when they restart: the SDK's resume within
 * half a second, where an older one may take 10 s, and then joins anew.
 */
const PAGE_GONE_GRACE_MS = 2_000;

/** Frees peers past their grace time, pipes that nobody uses, and rooms past their empty time. */
export class PeerSweep {
  readonly #options: SweepOptions;
  #sweptAtMs: number;

  constructor(options: SweepOptions) {
    this.#options = options;
    this.#sweptAtMs = options.now();
  }

  /** Called a few times a second, while the bus is there: without it no peer can prove that it lives. */
  sweep(): void {
    const { rooms, sessions, now } = this.#options;
    const nowMs = now();
    // This process stood still, or its bus was away: the proofs of its peers' lives are unread or never came.
    if (nowMs - this.#sweptAtMs > STANDSTILL_MS) this.forgiveSilence();
    this.#sweptAtMs = nowMs;
    for (const room of rooms.all()) {
      for (const peer of room.members()) {
        peer.session.tick();
        if (peer.session.isStalled)
          room.remove(peer, "disconnected", "slow_reader", "no event was acknowledged for long");
        if (peer.session.silentMs > this.#patienceMs(peer))
          room.remove(peer, "disconnected", "session_gone", "no sign of life");
      }
      tellAbsences(room);
      room.span.sweep();
      if (room.emptyMs > room.options.emptyTimeoutMs) rooms.close(room, "empty");
    }
    sessions.prune();
    rooms.prune();
  }

  /** Nobody could have proved that a peer lives: every grace time starts anew. */
  forgiveSilence(): void {
    for (const room of this.#options.rooms.all())
      for (const peer of room.members()) peer.session.forgiveSilence();
  }

  /** Proofs of life of a session with a socket are seconds apart, so a shorter grace time applies only to a session without one. */
  #patienceMs({ session }: Peer): number {
    const { graceMs } = this.#options;
    if (session.isPageGone) return Math.min(graceMs, PAGE_GONE_GRACE_MS);
    return session.isAttached ? Math.max(graceMs, MISSED_PROOFS * SESSIONS_ALIVE_INTERVAL_MS) : graceMs;
  }
}
