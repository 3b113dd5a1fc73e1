import { type Metrics, MetricsStore, noMetrics } from "@fairlead/telemetry";
import type { ProcessKind } from "@fairlead/telemetry/prometheus";

export type OpenMetrics = {
  metrics: Metrics;
  /** Answers Prometheus; null: nobody asks. */
  expose: (() => Promise<Response>) | null;
  close(): void;
};

const LOOP_TICK_MS = 500;

/** The metrics of a process. Where nobody can ask for them, none are kept. */
export async function openMetrics(kind: ProcessKind, isScraped: boolean): Promise<OpenMetrics> {
  if (!isScraped) return { metrics: noMetrics, expose: null, close: () => {} };
  const { exposeMetrics } = await import("@fairlead/telemetry/prometheus");
  const store = new MetricsStore();
  const stop = measureLoop(store);
  return { metrics: store, expose: exposeMetrics(store, kind), close: stop };
}

/** @returns Stops it. */
function measureLoop(metrics: Metrics): () => void {
  let dueMs = performance.now() + LOOP_TICK_MS;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    metrics.observe("event_loop.delay", Math.max(0, nowMs - dueMs));
    dueMs = nowMs + LOOP_TICK_MS;
  }, LOOP_TICK_MS);
  return () => clearInterval(timer);
}
