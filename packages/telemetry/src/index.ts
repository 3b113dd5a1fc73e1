export { type LogFields, type Logger, silentLogger } from "./logger.ts";
export {
  type CounterName,
  type DurationName,
  type GaugeName,
  type GaugeReading,
  type Metrics,
  measureCalls,
  noMetrics,
} from "./metrics.ts";
export { boundsOf, MetricsStore, type StoredChanges } from "./metrics-store.ts";
