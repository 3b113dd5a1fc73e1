import { setTimeout as delay } from "node:timers/promises";

/** @param signal Ends it: it rejects then. */
export function pauseUntil(ms: number, signal: AbortSignal): Promise<unknown> {
  return delay(ms, undefined, { signal });
}
