/** A longer pause would help nobody. */
const MAX_PAUSE_MS = 100;

type Job = { act: () => Promise<unknown>; done: () => void };

/**
 * A room's work that nobody asked for by a command, one job after the other. It takes at most half of the time, so that whatever
 * else comes to this process gets its turn.
 */
export class PacedQueue {
  readonly #onBug: (error: unknown) => void;
  readonly #jobs: Job[] = [];
  #isRunning = false;

  /** @param onBug Of a job that rejects, which keeps none of the others. */
  constructor(onBug: (error: unknown) => void) {
    this.#onBug = onBug;
  }

  /** Nothing is done or waits. */
  get isIdle(): boolean {
    return !this.#isRunning;
  }

  /**
   * @param act Must not reject.
   * @returns Resolves when it is done.
   */
  push(act: () => Promise<unknown>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#jobs.push({ act, done: resolve });
    if (!this.#isRunning) void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let job = this.#jobs.shift(); job; job = this.#jobs.shift()) {
      const startedMs = performance.now();
      await job.act().catch(this.#onBug);
      job.done();
      if (this.#jobs.length > 0) await pauseAsLongAs(startedMs);
    }
    this.#isRunning = false;
  }
}

/** Leaves to others as much time as has been used since `startedMs`, by `performance.now()`. */
export async function pauseAsLongAs(startedMs: number): Promise<void> {
  const pauseMs = Math.min(MAX_PAUSE_MS, performance.now() - startedMs);
  await new Promise<void>((resolve) => (pauseMs < 1 ? setImmediate(resolve) : setTimeout(resolve, pauseMs)));
}
