import type { ReconnectPolicy } from "../api/options.ts";

/**
 * The first retry comes within `firstMs`, then exponential; all with full jitter, so that the clients of a signaling process
 * that died do not come back in one wave.
 */
export function exponentialBackoff({
  firstMs = 500,
  baseMs = 300,
  maxMs = 5_000,
  giveUpAfterMs = 60_000,
} = {}): ReconnectPolicy {
  return {
    giveUpAfterMs,
    nextDelayMs: (attempt, random) =>
      random() * (attempt === 0 ? firstMs : Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30))),
  };
}
