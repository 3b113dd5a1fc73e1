/** By then the measured load contains what they cost. */
const SETTLES_MS = 10_000;

/** So many on their way at once keep a node busy. If all came at once, all would be as late as the last. */
const AT_ONCE = 64;
/** One that takes longer is far away, or gone: it keeps nobody waiting. So 400 single peers are called back within a second in any case. */
const SOON_MS = 150;

type Awaited = { peers: number; sinceMs: number };
type KnownLoad = { load: number; untilMs: number };

/**
 * The peers of a dead worker's rooms that this node goes on serving. They come back all at once, and are no new load beyond what the worker
 * used for them before. So the node advertises that as the load of their new core until it is measured there, and none of them keeps a debit.
 */
export class ReturningPeers {
  /** Ms, by a clock that nobody sets. */
  readonly #now: () => number;
  /** How many are still to come, by room. */
  readonly #awaited = new Map<string, Awaited>();
  readonly #waiting = new Set<() => void>();
  readonly #knownLoads = new Map<number, KnownLoad>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param room.load What it cost before. @param measured The present load of the core that it goes to. */
  noteRelocated(room: { roomId: string; core: number; peers: number; load: number }, measured: number): void {
    const nowMs = this.#now();
    const untilMs = nowMs + SETTLES_MS;
    this.#forgetOld();
    this.#awaited.set(room.roomId, { peers: room.peers, sinceMs: nowMs });
    const before = this.#knownLoads.get(room.core)?.load ?? measured;
    this.#knownLoads.set(room.core, { load: before + room.load, untilMs });
  }

  /** The core's worker has died, and what it was known to carry with it. */
  handleDeath(core: number): void {
    this.#knownLoads.delete(core);
  }

  /** A peer has joined. @returns Whether it is one of those. */
  take(roomId: string): boolean {
    const awaited = this.#awaited.get(roomId);
    if (!awaited || awaited.peers === 0 || this.#now() - awaited.sinceMs > SETTLES_MS) return false;
    awaited.peers -= 1;
    for (const goOn of this.#waiting) goOn();
    return true;
  }

  /** Resolves when the peers of one more room would keep nobody waiting who is on the way already. */
  async untilFew(): Promise<void> {
    while (this.#onTheWay() >= AT_ONCE) await this.#untilChange();
  }

  #onTheWay(): number {
    const lately = [...this.#awaited.values()].filter(({ sinceMs }) => this.#now() - sinceMs < SOON_MS);
    return lately.reduce((sum, { peers }) => sum + peers, 0);
  }

  #untilChange(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, SOON_MS);
    this.#waiting.add(resolve);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(resolve);
    });
  }

  /** The load of a core to advertise: what is measured there, or what it will come to by these peers. */
  loadOf(core: number, measured: number): number {
    const known = this.#knownLoads.get(core);
    return known && known.untilMs >= this.#now() ? Math.max(measured, known.load) : measured;
  }

  #forgetOld(): void {
    const nowMs = this.#now();
    for (const [roomId, { sinceMs }] of this.#awaited)
      if (nowMs - sinceMs > SETTLES_MS) this.#awaited.delete(roomId);
    for (const [core, { untilMs }] of this.#knownLoads) if (untilMs < nowMs) this.#knownLoads.delete(core);
  }
}
