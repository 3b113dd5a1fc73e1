/** How exactly a client's silence is timed. */
export const TICK_MS = 500;
/**
 * So long after a client's last frame its node is told once more that it is there, and then no more until the next frame. Its grace time
 * so begins at the same moment of its silence always: the others hear of a client that is gone in time, and a phone that
 * sleeps from just before a ping on has all of the time.
 */
const LAST_PROOF_MS = 4_000;

/** How long a client has been silent, and when its node is told that it is there. */
export class Silence {
  readonly #proofEveryMs: number;
  /** Since the client's last frame. */
  #ticks = 0;
  /** Since its node was last told. */
  #unprovenTicks = 0;

  /** @param proofEveryMs How often the node is told of a client that goes on sending. */
  constructor(proofEveryMs: number) {
    this.#proofEveryMs = proofEveryMs;
  }

  get ticks(): number {
    return this.#ticks;
  }

  /** The client sent a frame. */
  end(): void {
    this.#ticks = 0;
  }

  /** Called every `TICK_MS`. @returns Whether its node is to be told now. */
  tick(): boolean {
    this.#ticks += 1;
    this.#unprovenTicks += 1;
    const isHeardSince = this.#ticks <= this.#unprovenTicks;
    const isOld = this.#unprovenTicks * TICK_MS >= this.#proofEveryMs;
    const isDue = (isHeardSince && isOld) || this.#ticks === LAST_PROOF_MS / TICK_MS;
    if (isDue) this.#unprovenTicks = 0;
    return isDue;
  }
}
