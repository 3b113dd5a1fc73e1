/** Weight of the newest sample: half of an old load is gone after one sample. */
const SMOOTHING = 0.5;

/** A worker's CPU share, 0..1 of one core, smoothed. */
export class LoadMeter {
  #last: { cpuMs: number; atMs: number } | null = null;
  #load = 0;

  get load(): number {
    return this.#load;
  }

  /**
   * @param cpuMs User and system CPU time since the worker's start (`ru_utime + ru_stime` of `getResourceUsage`).
   * @param atMs When it was read.
   */
  sample(cpuMs: number, atMs: number): void {
    if (this.#last && atMs > this.#last.atMs) {
      const share = Math.max(0, (cpuMs - this.#last.cpuMs) / (atMs - this.#last.atMs));
      this.#load += SMOOTHING * (share - this.#load);
    }
    this.#last = { cpuMs, atMs };
  }
}
