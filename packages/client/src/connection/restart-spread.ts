/** Signaling that restarts drops all its clients at once: they come back spread over this time. */
const SPREAD_MS = 10_000;
/** Of the grace time and of the policy's patience: what is left is for coming back. */
const SHARE = 2 / 3;

/**
 * How long a client whose signaling says that it shuts down may wait until it resumes elsewhere, ms. Nothing in its media
 * depends on it; but its session must still be there.
 */
export function restartSpreadMs(graceMs: number, giveUpAfterMs: number): number {
  return Math.min(SPREAD_MS, graceMs * SHARE, giveUpAfterMs * SHARE);
}
