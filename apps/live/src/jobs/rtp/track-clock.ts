/** Farther off, the sender has begun to count anew, or has paused. */
const JUMP_MS = 1_000;
/** At each packet that comes sooner than was expected. */
const SLEW_MS = 1;
/** Of what passes: clocks of senders differ from ours by less. */
const DRIFT = 0.000_25;
const TIMESTAMPS = 2 ** 32;

/**
 * When what a track brings was made, by our clock: its RTP timestamps count from anywhere, and the tracks of a publisher must fit each other. The packets
 * that came soonest say how far its clock is from ours. Sender reports do not reach us: mediasoup makes its own, of arrivals.
 */
export class TrackClock {
  readonly #rate: number;
  #last: { timestamp: number; mediaMs: number } | null = null;
  #offsetMs: number | null = null;

  /** @param rate Hz. */
  constructor(rate: number) {
    this.#rate = rate;
  }

  /** @returns Milliseconds of our clock. */
  read(timestamp: number, arrivedAtMs: number): number {
    const passedMs = this.#last ? signed(timestamp - this.#last.timestamp) / (this.#rate / 1_000) : 0;
    const mediaMs = (this.#last?.mediaMs ?? 0) + passedMs;
    this.#last = { timestamp, mediaMs };
    const offsetMs = arrivedAtMs - mediaMs;
    const expected = this.#offsetMs;
    if (expected === null || Math.abs(offsetMs - expected) > JUMP_MS) this.#offsetMs = offsetMs;
    else if (offsetMs < expected) this.#offsetMs = Math.max(offsetMs, expected - SLEW_MS);
    else this.#offsetMs = Math.min(offsetMs, expected + Math.max(0, passedMs) * DRIFT);
    return mediaMs + this.#offsetMs;
  }
}

/** Timestamps wrap. */
function signed(difference: number): number {
  const ahead = ((difference % TIMESTAMPS) + TIMESTAMPS) % TIMESTAMPS;
  return ahead < TIMESTAMPS / 2 ? ahead : ahead - TIMESTAMPS;
}
