/** Above this share of lost packets a viewer gets less. */
const LOSSY = 0.08;
/** Below it the way is clean. */
const CLEAN = 0.01;
/** After this time without loss a viewer gets more; twice as long after each time that more was too much, up to the longest. */
const FIRST_TRY_MS = 15_000;
const LONGEST_MS = 240_000;

export type Layers = { spatialLayer: number; temporalLayer?: number };

/**
 * The largest layer that a viewer gets whose bandwidth nobody estimates, chosen by its receiver reports: one down when packets are
 * lost, one up after a while without.
 */
export class LayerChoice {
  readonly #steps: readonly Layers[];
  #at: number;
  #patienceMs = FIRST_TRY_MS;
  #cleanSinceMs: number;
  #roseAtMs: number | null = null;

  /** @param steps From the smallest to the largest, with which it begins. */
  constructor(steps: readonly Layers[], nowMs: number) {
    this.#steps = steps;
    this.#at = steps.length - 1;
    this.#cleanSinceMs = nowMs;
  }

  /** @param loss Share of the packets that were lost lately, 0..1. @returns The new choice; null: as before. */
  note(loss: number, nowMs: number): Layers | null {
    if (loss > LOSSY) return this.#lower(nowMs);
    if (loss > CLEAN) this.#cleanSinceMs = nowMs;
    const isPatient = nowMs - this.#cleanSinceMs >= this.#patienceMs;
    if (!isPatient || this.#at === this.#steps.length - 1) return null;
    this.#roseAtMs = nowMs;
    return this.#take(this.#at + 1, nowMs);
  }

  #lower(nowMs: number): Layers | null {
    const wasTooMuch = this.#roseAtMs !== null && nowMs - this.#roseAtMs < this.#patienceMs;
    this.#patienceMs = wasTooMuch ? Math.min(2 * this.#patienceMs, LONGEST_MS) : FIRST_TRY_MS;
    this.#roseAtMs = null;
    this.#cleanSinceMs = nowMs;
    return this.#at === 0 ? null : this.#take(this.#at - 1, nowMs);
  }

  #take(at: number, nowMs: number): Layers | null {
    this.#at = at;
    this.#cleanSinceMs = nowMs;
    return this.#steps[at] ?? null;
  }
}
