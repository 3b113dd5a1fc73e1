export type { LedgerEntry } from "./ledger/ledger.ts";
export { createMediaNode, type MediaNode, type MediaNodeOptions } from "./media-node.ts";
export { type NetworkConfig, networkConfig, networkSettings } from "./network-settings.ts";
export { type ReachConfig, reachConfig, reachSettings } from "./reach-settings.ts";
export type { TurnOptions } from "./turn/ice-servers.ts";
export { type ListenAddress, lanAddresses, localAddresses } from "./worker/listen-addresses.ts";
