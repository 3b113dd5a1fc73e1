import { FairleadError } from "@fairlead/protocol";
import type { Turns } from "./turns.ts";

/** Workers restart, peers leave full cores. */
const PAUSE_MS = 150;

export type UntilPlacedOptions = {
  tries: number;
  /** Each try takes one, the pause between two does not: hundreds of rooms wait together. */
  turns: Turns;
  /** Ends a pause early; null where nothing will. */
  wake?: () => Promise<unknown> | null;
};

/**
 * Tries until it works. The chosen core may be full, or its worker dead as well and the registry not know yet.
 * @param place Is told the number of the try, from 1.
 * @throws The last refusal after `tries`; what is no refusal at once.
 */
export async function untilPlaced(
  { tries, turns, wake }: UntilPlacedOptions,
  place: (attempt: number) => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await turns.take(() => place(attempt));
    } catch (error) {
      if (!(error instanceof FairleadError) || attempt === tries) throw error;
      const longest = new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
      await Promise.race([longest, wake?.() ?? longest]);
    }
  }
}
