export { exposeMetrics, isCountedBy } from "./expose-metrics.ts";
export { COUNTERS, DURATIONS, type Exposed, GAUGES, type ProcessKind } from "./exposed.ts";
