import { FairleadError } from "@fairlead/protocol";
import { withRetryAfter } from "../abuse/refusals.ts";
import { holdMs } from "../abuse/refused-openings.ts";
import { TICK_MS } from "./silence.ts";

/** The refusal of a join or a resume. A client that comes too often is told of it later, so that it comes again later. */
export class HeldRefusal {
  readonly #refusal: unknown;
  readonly #now: () => number;
  readonly #madeAtMs: number;
  #ticks: number;

  /** @param now Milliseconds. */
  constructor(refusal: unknown, now: () => number) {
    this.#refusal = refusal;
    this.#now = now;
    this.#madeAtMs = now();
    // Up: whoever was told at once near the end of its wait would come again and again until then.
    this.#ticks = Math.ceil(holdMs(refusal) / TICK_MS);
  }

  get isDue(): boolean {
    return this.#ticks <= 0;
  }

  /** Called every `TICK_MS`. */
  tick(): void {
    this.#ticks -= 1;
  }

  /** @returns What the client is told now: the time that it has waited is none that it has yet to wait. */
  tell(): unknown {
    const refusal = this.#refusal;
    if (!(refusal instanceof FairleadError) || !refusal.retryAfterMs) return refusal;
    const waitedMs = Math.max(0, this.#now() - this.#madeAtMs);
    return withRetryAfter(refusal, Math.max(0, refusal.retryAfterMs - waitedMs));
  }
}
