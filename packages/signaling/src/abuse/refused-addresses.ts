import { FairleadError } from "@fairlead/protocol";
import type { Rate } from "@fairlead/registry";
import { Refusals } from "./refusals.ts";

const ADDRESSES_MAX = 10_000;
/** For as long at most an address is refused without asking: a registry that was emptied may have forgotten it. */
const REMEMBERED_MS = 60_000;

/**
 * The addresses that have just been refused by their rate. Until one of them may come again it has its refusal from here, and
 * makes no work for the registry; nor does the registry's absence let it in sooner.
 */
export class RefusedAddresses {
  readonly #refusals: Refusals;

  /** @param now Milliseconds since 1970. */
  constructor(now: () => number) {
    this.#refusals = new Refusals({ max: ADDRESSES_MAX, keptMs: REMEMBERED_MS, now });
  }

  /**
   * Asks the registry, which counts `rates`, unless one of them is known to refuse.
   * @throws {FairleadError} `rate_limited`; what `ask` rejects with.
   */
  async unless<T>(rates: readonly Rate[], ask: () => Promise<T>): Promise<T> {
    for (const rate of rates) this.#refusals.repeat(keyOf(rate));
    try {
      return await ask();
    } catch (error) {
      if (error instanceof FairleadError && error.code === "rate_limited") this.#note(rates, error);
      throw error;
    }
  }

  #note(rates: readonly Rate[], error: FairleadError): void {
    const rate = rates.find(({ name }) => name === error.detail?.rate);
    // Not of a room, which tells who is banned from it that they are; nor of a back end's key, which is one of few.
    if (rate?.name === "address" || rate?.name === "stranger") this.#refusals.note(keyOf(rate), error);
  }
}

function keyOf({ name, subject }: Rate): string {
  return `${name} ${subject}`;
}
