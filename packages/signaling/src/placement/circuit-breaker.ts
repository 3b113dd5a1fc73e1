export type CircuitBreakerOptions = {
  /** Failures in a row after which nobody is let through. */
  failureLimit: number;
  /** For how long, ms. Then one is let through to see. */
  openMs: number;
  /** Milliseconds. */
  now: () => number;
};

/** Keeps callers from waiting for something that has just failed several times in a row. */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #failures = 0;
  #closedAgainAtMs = 0;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  /**
   * Does `call`, unless the circuit is open.
   * @param isFailure Whether an error speaks against the thing itself; any other counts as an answer.
   * @throws What `call` throws, or `refusal()` when it is not tried.
   */
  async run<T>(
    call: () => Promise<T>,
    isFailure: (error: unknown) => boolean,
    refusal: () => Error,
  ): Promise<T> {
    if (!this.#lets()) throw refusal();
    try {
      const answer = await call();
      this.#failures = 0;
      return answer;
    } catch (error) {
      if (isFailure(error)) this.#fail();
      else this.#failures = 0;
      throw error;
    }
  }

  #lets(): boolean {
    const { failureLimit, openMs, now } = this.#options;
    if (this.#failures < failureLimit) return true;
    const nowMs = now();
    if (nowMs < this.#closedAgainAtMs) return false;
    // One goes ahead; the others wait for what it finds, or for as long again.
    this.#closedAgainAtMs = nowMs + openMs;
    return true;
  }

  #fail(): void {
    const { failureLimit, openMs, now } = this.#options;
    this.#failures += 1;
    if (this.#failures >= failureLimit) this.#closedAgainAtMs = now() + openMs;
  }
}
