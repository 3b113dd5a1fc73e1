export { DEFAULT_POLICY, fromPpm, type PlacementPolicy } from "./rules/policy.ts";
export { growthPpm } from "./rules/reservations/memory.ts";
