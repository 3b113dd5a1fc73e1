export { type Choice, chooseCore } from "./choose-core.ts";
export {
  DEFAULT_POLICY,
  fromPpm,
  type PlacementCore,
  type PlacementNode,
  type PlacementPolicy,
  type PlacementWish,
  toPpm,
} from "./placement-policy.ts";
export type { RankedNode } from "./rank-node.ts";
export { growthPpm } from "./room-cost.ts";
