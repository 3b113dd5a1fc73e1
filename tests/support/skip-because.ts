import type { TestContext } from "vitest";

/**
 * Skips a test that can't run on this machine, and says why. Under `CI=true` it fails instead: a test that nobody ran proves nothing.
 *
 * @param reason null: it can run.
 */
export function skipBecause(reason: string | null, { skip }: TestContext): void {
  if (reason === null) return;
  if (process.env.CI === "true") throw new Error(`this test must run under CI=true, but ${reason}`);
  skip(reason);
}
