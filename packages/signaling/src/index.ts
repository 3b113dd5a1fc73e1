export type { SignalingDependencies } from "./context.ts";
export type { SignalingLimits } from "./limits.ts";
export { createSignaling, type Signaling } from "./signaling.ts";
