/** What scales, without a process around it: for simulations. */
export { Autoscaler } from "./loop/autoscaler.ts";
export { Role } from "./loop/role.ts";
export type { ScaleRegistry } from "./loop/scale-registry.ts";
export { ScaledGroup } from "./loop/scaled-group.ts";
