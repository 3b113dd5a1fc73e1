import { FairleadError, setNewest } from "@fairlead/protocol";

export type RefusalsOptions = {
  /** The one that was refused first is forgotten first. */
  max: number;
  /** For as long at most a refusal is repeated. */
  keptMs: number;
  /** Milliseconds since 1970. */
  now: () => number;
};

type Refusal = { error: FairleadError; untilMs: number };

/** Whoever has just been refused for a time is refused again from here until it is over, and makes no work for anybody else. */
export class Refusals {
  readonly #options: RefusalsOptions;
  readonly #refusals = new Map<string, Refusal>();

  constructor(options: RefusalsOptions) {
    this.#options = options;
  }

  /** @throws {FairleadError} The refusal that stands, with the time that is left of it. */
  repeat(subject: string): void {
    const refusal = this.#refusals.get(subject);
    if (!refusal) return;
    const { error, untilMs } = refusal;
    const retryAfterMs = untilMs - this.#options.now();
    // More than it was ever kept for: the clock was set back, by who knows how much.
    const isSetBack = retryAfterMs > this.#options.keptMs;
    if (retryAfterMs <= 0 || isSetBack) this.#refusals.delete(subject);
    else throw withRetryAfter(error, retryAfterMs);
  }

  note(subject: string, error: FairleadError): void {
    const { max, keptMs, now } = this.#options;
    const untilMs = now() + Math.min(error.retryAfterMs ?? 0, keptMs);
    setNewest(this.#refusals, [subject, { error, untilMs }], max);
  }
}

/** @returns The same refusal with another time to wait. */
export function withRetryAfter(error: FairleadError, retryAfterMs: number): FairleadError {
  return new FairleadError(error.code, { ...error, message: error.message, retryAfterMs });
}
