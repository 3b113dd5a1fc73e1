import { type Bus, encodeJson } from "@fairlead/bus";
import { subjects } from "@fairlead/protocol";
import type { MetricsStore } from "@fairlead/telemetry";

/** Between two messages. */
export const TELL_METRICS_MS = 15_000;

/**
 * For processes that nobody can scrape.
 * @param now Milliseconds since 1970.
 * @returns Publishes what was counted since the last message (`MetricsDelta`), unless that was lately.
 */
export function createMetricsTeller(store: MetricsStore, bus: Bus, now: () => number): () => void {
  let toldMs = Number.NEGATIVE_INFINITY;
  return () => {
    const isEmpty = store.counts.size + store.durations.size === 0;
    if (isEmpty || !bus.isConnected || Math.abs(now() - toldMs) < TELL_METRICS_MS) return;
    toldMs = now();
    bus.publish(subjects.metrics, encodeJson(store.take()));
  };
}
