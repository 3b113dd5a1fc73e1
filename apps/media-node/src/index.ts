export type { LedgerEntry } from "@fairlead/mediasoup-worker/ledger";
export { type HookConfig, hookConfig, hookSettings } from "./hooks/hook-settings.ts";
export { createMediaNode, type MediaNode } from "./node/media-node.ts";
export type { MediaNodeOptions } from "./node/media-node-options.ts";
export { type RtpConfig, rtpConfig, rtpSettings } from "./plain/rtp-settings.ts";
export { type BudgetConfig, budgetConfig, budgetSettings } from "./room/budget-settings.ts";
export { type SpanConfig, spanConfig, spanSettings } from "./rooms/span-settings.ts";
export type { TurnOptions } from "./turn/ice-servers.ts";
export { type ReachConfig, reachConfig, reachSettings } from "./turn/reach-settings.ts";
export {
  type ListenAddress,
  lanAddresses,
  listenAddressesFor,
  localAddresses,
} from "./worker/listen-addresses.ts";
export { type NetworkConfig, networkConfig, networkSettings } from "./worker/network-settings.ts";
