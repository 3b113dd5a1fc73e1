/** By then the measured load contains what they cost. */
const SETTLES_MS = 10_000;

type KnownLoad = { load: number; untilMs: number };

/**
 * The peers of a dead worker's rooms that this node goes on serving. They come back all at once, and are no new load beyond what the worker
 * used for them before. So the node advertises that as the load of their new core until it is measured there, and none of them keeps a debit.
 */
export class ReturningPeers {
  readonly #now: () => number;
  /** How many are still to come, by room. */
  readonly #awaited = new Map<string, { peers: number; untilMs: number }>();
  readonly #knownLoads = new Map<number, KnownLoad>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param room.load What it cost before. @param measured The present load of the core that it goes to. */
  noteRelocated(room: { roomId: string; core: number; peers: number; load: number }, measured: number): void {
    const untilMs = this.#now() + SETTLES_MS;
    this.#forgetOld();
    this.#awaited.set(room.roomId, { peers: room.peers, untilMs });
    const before = this.#knownLoads.get(room.core)?.load ?? measured;
    this.#knownLoads.set(room.core, { load: before + room.load, untilMs });
  }

  /** A peer has joined. @returns Whether it is one of those. */
  take(roomId: string): boolean {
    const awaited = this.#awaited.get(roomId);
    if (!awaited || awaited.peers === 0 || awaited.untilMs < this.#now()) return false;
    awaited.peers -= 1;
    return true;
  }

  /** The load of a core to advertise: what is measured there, or what it will come to by these peers. */
  loadOf(core: number, measured: number): number {
    const known = this.#knownLoads.get(core);
    return known && known.untilMs >= this.#now() ? Math.max(measured, known.load) : measured;
  }

  #forgetOld(): void {
    const nowMs = this.#now();
    for (const [roomId, { untilMs }] of this.#awaited) if (untilMs < nowMs) this.#awaited.delete(roomId);
    for (const [core, { untilMs }] of this.#knownLoads) if (untilMs < nowMs) this.#knownLoads.delete(core);
  }
}
