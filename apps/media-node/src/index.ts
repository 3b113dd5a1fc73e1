export type { LedgerEntry, ResourceKind, ResourceOwner } from "./ledger.ts";
export { createMediaNode, type MediaNode, type MediaNodeOptions } from "./media-node.ts";
export { type ListenAddress, lanAddresses, localAddresses } from "./worker/listen-addresses.ts";
