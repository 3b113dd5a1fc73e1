/** How groups of nodes are summed up and judged, for simulations: what the registry itself does with every beat. */
export { type GroupRecord, groupCapacityOf } from "./rules/capacity/group-capacity.ts";
export { Groups } from "./rules/capacity/memory.ts";
export type { Share } from "./rules/capacity/share.ts";
