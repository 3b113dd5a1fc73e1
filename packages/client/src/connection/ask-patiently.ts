import { FairleadError, type RefusedProducer } from "@fairlead/protocol";
import { pause } from "../pause.ts";
import type { SendCommand } from "./session.ts";

/** A node that asks for a longer wait is not asked again. */
const MAX_WAIT_MS = 60_000;

/** @returns How long a node that was asked too often wants to be left alone, ms; undefined for any other error. */
export function limitedForMs(error: unknown): number | undefined {
  if (!(error instanceof FairleadError) || error.code !== "rate_limited") return undefined;
  const { retryAfterMs } = error;
  return retryAfterMs !== undefined && retryAfterMs <= MAX_WAIT_MS ? retryAfterMs : undefined;
}

/**
 * Asks, and asks again when the node says that this peer asked for too much at once.
 * @param ask Asks for what is wanted now; undefined: for nothing any more.
 * @throws Any other refusal; `rate_limited` where the wait would be too long.
 */
export async function askPatiently<T>(ask: () => Promise<T> | undefined): Promise<T | undefined> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const waitMs = limitedForMs(error);
      if (waitMs === undefined) throw error;
      await pause(waitMs);
    }
  }
}

/**
 * Subscribes, and asks again for what the peer's budget left out, as long as it is wanted.
 * @throws {FairleadError} The node's refusal.
 */
export async function subscribePatiently(
  command: SendCommand,
  producerIds: readonly string[],
  isWanted: (producerId: string) => boolean,
): Promise<void> {
  let missing = [...producerIds];
  while (missing.length > 0) {
    const { refused = [] } =
      (await askPatiently(() => {
        missing = missing.filter(isWanted);
        return missing.length > 0 ? command("producers.subscribe", { producerIds: missing }) : undefined;
      })) ?? {};
    const later = refused.filter(isForLater);
    missing = later.map(({ producerId }) => producerId);
    if (missing.length > 0) await pause(Math.max(...later.map(({ retryAfterMs }) => retryAfterMs)));
  }
}

function isForLater(refused: RefusedProducer): refused is RefusedProducer & { retryAfterMs: number } {
  return refused.retryAfterMs !== undefined && refused.retryAfterMs <= MAX_WAIT_MS;
}
