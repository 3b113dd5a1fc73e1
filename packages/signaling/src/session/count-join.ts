import { FairleadError } from "@fairlead/protocol";
import type { Metrics } from "@fairlead/telemetry";

/** Counts a peer, publisher or viewer that comes in or is refused, and how long that took. */
export async function countJoin<T>(metrics: Metrics, open: () => Promise<T>): Promise<T> {
  const beganMs = performance.now();
  const note = (outcome: string) => metrics.observe("join", performance.now() - beganMs, outcome);
  try {
    const opened = await open();
    metrics.count("session.joined");
    note("joined");
    return opened;
  } catch (error) {
    const isRefusal = error instanceof FairleadError;
    metrics.count("join.refused", isRefusal ? error.code : "internal");
    note(isRefusal ? "refused" : "failed");
    throw error;
  }
}
