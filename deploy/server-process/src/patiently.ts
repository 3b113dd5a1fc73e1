import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "@fairlead/telemetry";

const PATIENCE_MS = 30_000;
const PAUSE_MS = 500;

/**
 * Tries until it succeeds, for half a minute: processes of a cluster start in any order.
 * @param what Named in the log, e.g. `nats`.
 * @throws What the last try failed with.
 */
export async function patiently<T>(what: string, log: Logger, attempt: () => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() - startedAtMs > PATIENCE_MS) throw error;
      if (tries === 1) log.warn(`${what}.not_ready`, { error, patienceMs: PATIENCE_MS });
      await pause(PAUSE_MS);
    }
  }
}
