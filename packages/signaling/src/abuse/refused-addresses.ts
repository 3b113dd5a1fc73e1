import { FairleadError } from "@fairlead/protocol";
import type { Rate } from "@fairlead/registry";

/** The one that was refused first is forgotten first. */
const REFUSALS_MAX = 10_000;
/** For as long at most an address is refused without asking: a registry that was emptied may have forgotten it. */
const REMEMBERED_MS = 60_000;

type Refusal = { error: FairleadError; untilMs: number };

/**
 * The addresses that have just been refused by their rate. Until one of them may come again it has its refusal from here, and
 * makes no work for the registry; nor does the registry's absence let it in sooner.
 */
export class RefusedAddresses {
  readonly #now: () => number;
  readonly #refusals = new Map<string, Refusal>();

  /** @param now Milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Asks the registry, which counts `rates`, unless one of them is known to refuse.
   * @throws {FairleadError} `rate_limited`; what `ask` rejects with.
   */
  async unless<T>(rates: readonly Rate[], ask: () => Promise<T>): Promise<T> {
    for (const rate of rates) this.#refuse(rate);
    try {
      return await ask();
    } catch (error) {
      if (error instanceof FairleadError && error.code === "rate_limited") this.#note(rates, error);
      throw error;
    }
  }

  #refuse(rate: Rate): void {
    const refusal = this.#refusals.get(keyOf(rate));
    if (!refusal) return;
    const { error, untilMs } = refusal;
    const retryAfterMs = untilMs - this.#now();
    // More than it was ever remembered for: the clock was set back, by who knows how much.
    const isSetBack = retryAfterMs > REMEMBERED_MS;
    if (retryAfterMs <= 0 || isSetBack) this.#refusals.delete(keyOf(rate));
    else throw new FairleadError(error.code, { ...error, message: error.message, retryAfterMs });
  }

  #note(rates: readonly Rate[], error: FairleadError): void {
    const { detail, retryAfterMs = 0 } = error;
    const rate = rates.find(({ name }) => name === detail?.rate);
    // Not of a room, which tells who is banned from it that they are; nor of a back end's key, which is one of few.
    if (rate?.name !== "address" && rate?.name !== "stranger") return;
    const untilMs = this.#now() + Math.min(retryAfterMs, REMEMBERED_MS);
    this.#refusals.set(keyOf(rate), { error, untilMs });
    for (const oldest of this.#refusals.keys()) {
      if (this.#refusals.size <= REFUSALS_MAX) break;
      this.#refusals.delete(oldest);
    }
  }
}

function keyOf({ name, subject }: Rate): string {
  return `${name} ${subject}`;
}
