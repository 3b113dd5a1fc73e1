import type { Registry } from "@fairlead/registry";

/** A connection that takes longer than a call may is there for one of the next. */
const TRIES = 4;

/**
 * Asks the registry for nothing, so that the first request finds connection, clock and scripts there: made cold they take longer
 * than a call may, and its client would be told that the registry is away. It may be: a start does not fail for that.
 */
export async function warmUp(registry: Pick<Registry, "count" | "ping">): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const isThere = await askOnce(registry).then(
      () => true,
      () => false,
    );
    if (isThere) return;
  }
}

async function askOnce(registry: Pick<Registry, "count" | "ping">): Promise<void> {
  await registry.ping();
  await registry.count([]);
}
