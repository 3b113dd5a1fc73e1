export { canonicalAddress } from "./abuse/canonical-address.ts";
export { clientAddressOf } from "./abuse/client-address.ts";
export { type ApiKey, hashApiKey } from "./http/api-key.ts";
export type { SignalingLimits } from "./limits.ts";
export { createSignaling, type Signaling } from "./signaling.ts";
export type { Placing, RateLimits, SignalingDependencies } from "./signaling-process.ts";
