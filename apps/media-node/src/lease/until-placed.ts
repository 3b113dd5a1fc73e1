import { FairleadError } from "@fairlead/protocol";

/** Workers restart, peers leave full cores. */
const PAUSE_MS = 150;

/**
 * Tries until it works. The chosen core may be full, or its worker dead as well and the registry not know yet.
 * @param place Is told the number of the try, from 1.
 * @throws The last refusal after `tries`; what is no refusal at once.
 */
export async function untilPlaced(tries: number, place: (attempt: number) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await place(attempt);
    } catch (error) {
      if (!(error instanceof FairleadError) || attempt === tries) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
    }
  }
}
