import { FairleadError } from "@fairlead/protocol";
import { Refusals } from "./refusals.ts";

/**
 * For as long at most a client that comes too often is refused by its ticket alone, and waits for the answer on its socket. Clients
 * that back off as they are told lose nothing by it; those that come again at each answer come about once a second.
 */
const HELD_MS = 1_000;
const TICKETS_MAX = 1_000;

/** Tickets and session tickets that have come too often, before anything of them is verified. */
export function createRefusedTickets(now: () => number): Refusals {
  return new Refusals({ max: TICKETS_MAX, keptMs: HELD_MS, now });
}

/**
 * Refuses a join or a resume by its ticket alone while the last one with it has been refused for coming too often.
 * @param ticket null: it came without one.
 * @throws {FairleadError} `rate_limited`, `too_many_frames`; what `open` rejects with.
 */
export async function unlessRefused<T>(
  refused: Refusals,
  ticket: string | null,
  open: () => Promise<T>,
): Promise<T> {
  if (ticket === null) return open();
  refused.repeat(ticket);
  try {
    return await open();
  } catch (error) {
    if (error instanceof FairleadError && isTooOften(error)) refused.note(ticket, error);
    throw error;
  }
}

/** @returns How long the answer to a join or resume is to be held, ms. */
export function holdMs(refusal: unknown): number {
  return refusal instanceof FairleadError && isTooOften(refusal)
    ? Math.min(refusal.retryAfterMs ?? 0, HELD_MS)
    : 0;
}

/** By its own doing: a rate that it shares with others, of an address or a room, says nothing of this client. */
function isTooOften({ code, detail }: FairleadError): boolean {
  return code === "too_many_frames" || (code === "rate_limited" && detail?.rate === undefined);
}
