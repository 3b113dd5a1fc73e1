import type { ReconnectPolicy } from "../api/options.ts";

/**
 * The first retry comes at once, then exponential with full jitter, so that the clients of a signaling process that died
 * do not come back in one wave.
 */
export function exponentialBackoff({
  baseMs = 300,
  maxMs = 5_000,
  giveUpAfterMs = 60_000,
} = {}): ReconnectPolicy {
  return {
    giveUpAfterMs,
    nextDelayMs: (attempt, random) =>
      attempt === 0 ? 0 : random() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30)),
  };
}
