/** What the registry expects too, as long as nothing was measured. */
const EXPECTED = 0.004;
const LIMITS = { min: 0.001, max: 0.05 };
/** Fewer peers show more of the core's own doings than of theirs. */
const ENOUGH_PEERS = 10;
/** Weight of the newest sample. */
const SMOOTHING = 0.05;

/** The load that a peer brings, as the cores of this node show it. */
export class PeerCost {
  #load = EXPECTED;

  /** 0..1 of a core. */
  get load(): number {
    return this.#load;
  }

  /** @param coreLoad 0..1. @param peers That the load contains. */
  sample(coreLoad: number, peers: number): void {
    if (peers < ENOUGH_PEERS) return;
    const seen = Math.min(Math.max(coreLoad / peers, LIMITS.min), LIMITS.max);
    this.#load += SMOOTHING * (seen - this.#load);
  }
}
