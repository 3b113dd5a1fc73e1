const ASK_EVERY_MS = 10_000;
/** A reading is wrong by up to half its round trip. A slower answer is too inaccurate to use. */
const ROUND_TRIP_LIMIT_MS = 500;
/** If the wall clock and the monotonic clock drift apart by this much, the host was suspended and the last reading is outdated. */
const SUSPENDED_MS = 1_000;

/**
 * Tells the time by Redis's own clock, so that all processes that share a registry share its time. Scripts take the time as an argument,
 * because Upstash documents that a script may depend on its keys, its arguments and the data, but not on the clock. Redis is asked at the
 * start, after each reconnection and every 10 s. In between this process's monotonic clock counts on, unless the host was suspended.
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

  /** @throws The error of `askServer`, while the time is unknown. */
  async now(): Promise<number> {
    if (this.#wasSuspended()) this.forget();
    if (!this.#known) await this.#ask();
    else if (this.#monotonic() - this.#known.atMs > ASK_EVERY_MS) this.#ask().catch(() => {});
    return Math.floor(this.#monotonic() + (this.#known?.offsetMs ?? Number.NaN));
  }

  /** The next call asks Redis again, because it may be another server. */
  forget(): void {
    this.#known = null;
    this.#asking = null;
  }

  /** Also true after somebody set the wall clock; that costs one more question to Redis. */
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
