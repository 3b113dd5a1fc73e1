export {
  type CounterName,
  type Counters,
  createMemoryCounters,
  type MemoryCounters,
  noCounters,
} from "./counters.ts";
export { type LogFields, type Logger, silentLogger } from "./logger.ts";
