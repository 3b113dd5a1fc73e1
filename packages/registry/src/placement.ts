export { growthPpm } from "./rules/growth/memory.ts";
export { DEFAULT_POLICY, fromPpm, type PlacementPolicy } from "./rules/policy.ts";
