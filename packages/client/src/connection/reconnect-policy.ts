import type { ReconnectPolicy } from "../api/options.ts";

/** Signaling that restarts drops all its clients at once, so they spread their return over this time. */
const RESTART_SPREAD_MS = 10_000;
/** The share of the grace time, and of the policy's patience, that may pass before the first try. */
const RESTART_SHARE = 2 / 3;

/**
 * Retries within `firstMs` at first, then with exponential delays. All delays have full jitter, so that the clients of a dead
 * signaling process do not return in one wave.
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

/**
 * @returns The longest time, ms, that a client may wait before it resumes when signaling says that it shuts down. Media flows
 * on meanwhile, but the session must still exist at the end.
 */
export function restartSpreadMs(graceMs: number, giveUpAfterMs: number): number {
  return Math.min(RESTART_SPREAD_MS, graceMs * RESTART_SHARE, giveUpAfterMs * RESTART_SHARE);
}
