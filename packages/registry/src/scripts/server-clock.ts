const ASK_EVERY_MS = 10_000;
/** The error is at most half a round trip: a slower answer says too little. */
const ROUND_TRIP_LIMIT_MS = 500;
/** The wall clock went so much further than the monotonic one: the host was suspended, and what is known is from before. */
const SUSPENDED_MS = 1_000;

/**
 * Redis's own clock, so that all who share a registry share its time, and yet scripts take the time as an argument. (Upstash's
 * documented rule: a script follows from its keys, its arguments and the data, not from the clock.) Asked at first, after each reconnection
 * and every 10 s; between, it goes on by this process's monotonic clock, unless that has stood still.
 */
export class ServerClock {
  readonly #askServer: () => Promise<number>;
  readonly #monotonic: () => number;
  readonly #wall: () => number;
  #known: { offsetMs: number; atMs: number; atWallMs: number } | null = null;
  #asking: Promise<void> | null = null;

  /** @param askServer Ms since 1970. @param monotonic Ms since any moment. @param wall Ms since 1970, by this host. */
  constructor(
    askServer: () => Promise<number>,
    monotonic: () => number = () => performance.now(),
    wall: () => number = Date.now,
  ) {
    this.#askServer = askServer;
    this.#monotonic = monotonic;
    this.#wall = wall;
  }

  /** @throws What `askServer` does, while the time is not known. */
  async now(): Promise<number> {
    if (this.#wasSuspended()) this.forget();
    if (!this.#known) await this.#ask();
    else if (this.#monotonic() - this.#known.atMs > ASK_EVERY_MS) this.#ask().catch(() => {});
    return Math.floor(this.#monotonic() + (this.#known?.offsetMs ?? Number.NaN));
  }

  /** The next who wants to know asks: it may be another server. */
  forget(): void {
    this.#known = null;
    this.#asking = null;
  }

  /** Or the wall clock was set, which costs one question. */
  #wasSuspended(): boolean {
    if (!this.#known) return false;
    const { atMs, atWallMs } = this.#known;
    return Math.abs(this.#wall() - atWallMs - (this.#monotonic() - atMs)) > SUSPENDED_MS;
  }

  #ask(): Promise<void> {
    if (this.#asking) return this.#asking;
    const asking = this.#measure().finally(() => {
      if (this.#asking === asking) this.#asking = null;
    });
    this.#asking = asking;
    return asking;
  }

  async #measure(): Promise<void> {
    const [beganMs, beganWallMs] = [this.#monotonic(), this.#wall()];
    const serverMs = await this.#askServer();
    const endedMs = this.#monotonic();
    const atWallMs = this.#wall();
    if (Math.max(endedMs - beganMs, atWallMs - beganWallMs) > ROUND_TRIP_LIMIT_MS)
      throw new Error("the registry's clock was told too late");
    this.#known = { offsetMs: serverMs - (beganMs + endedMs) / 2, atMs: endedMs, atWallMs };
  }
}
