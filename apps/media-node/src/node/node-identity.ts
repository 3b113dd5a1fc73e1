import { type Heartbeat, randomId } from "@fairlead/protocol";
import { nodeIdOfHost } from "@fairlead/server-process/node-id-of-host";
import { VERSION } from "@fairlead/server-process/settings";
import type { MediaNodeOptions } from "./media-node-options.ts";

const DEFAULT_NETWORK_BPS = 1_000_000_000;

/** The part of a heartbeat that stays the same as long as the node runs. */
export type NodeIdentity = Pick<
  Heartbeat,
  "nodeId" | "incarnation" | "region" | "labels" | "group" | "version" | "capacity"
>;

/** The identity of a node that starts now: a fresh incarnation, and its settings or their defaults. */
export function identifyNode(options: MediaNodeOptions): NodeIdentity {
  return {
    nodeId: options.nodeId ?? nodeIdOfHost(),
    incarnation: randomId(),
    region: options.region ?? "default",
    labels: options.labels ?? [],
    ...(options.group === undefined ? {} : { group: options.group }),
    version: VERSION,
    capacity: {
      maxPeers: options.maxPeers ?? null,
      networkBps: options.networkCapacityBps ?? DEFAULT_NETWORK_BPS,
    },
  };
}
