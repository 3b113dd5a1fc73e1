export { type Candidate, type Choice, type Chooser, chooseCore } from "./choose-core.ts";
export { bestCore, coreLoadPpm } from "./core-load.ts";
export { COST_BOUNDS_PPM, CostHistogram } from "./learned-cost.ts";
export { isAliveByTime, type Moment } from "./liveness.ts";
export { NodePools } from "./node-pools.ts";
export {
  DEFAULT_POLICY,
  fromPpm,
  type PlacementCore,
  type PlacementNode,
  type PlacementPolicy,
  type PlacementWish,
  toPpm,
} from "./placement-policy.ts";
export { expectedCostPpm, growthPpm } from "./room-cost.ts";
export { compareText, ScoredSet } from "./scored-set.ts";
