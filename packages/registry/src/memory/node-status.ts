import type { NodeStatus } from "@fairlead/protocol";
import { coreLoadPpm } from "../rules/core-load/memory.ts";
import type { KnownCore, KnownNode } from "../rules/nodes/known-node.ts";
import { fromPpm } from "../rules/policy.ts";

/** A node as the outside sees it; a fresh object. Debits as of the last heartbeat or placement. */
export function toNodeStatus(node: KnownNode): NodeStatus {
  const { nodeId, incarnation, state, busConnected, region, labels, version } = node;
  return {
    nodeId,
    incarnation,
    state,
    ...(node.drain ? { drain: { ...node.drain } } : {}),
    busConnected,
    region,
    labels: [...labels],
    group: node.group,
    version,
    networkLoad: node.networkLoad,
    capacity: { maxPeers: node.maxPeers, networkBps: node.networkBps },
    cores: node.cores.map((core) => toCoreStatus(core, node.networkPpm)),
    lastBeatMs: node.lastBeatMs,
  };
}

function toCoreStatus(known: KnownCore, networkPpm: number): NodeStatus["cores"][number] {
  const { core, cpuLoad, rooms, peers, consumers, usable, debitPpm } = known;
  return {
    core,
    cpuLoad,
    rooms,
    peers,
    consumers,
    usable,
    debit: fromPpm(debitPpm),
    load: fromPpm(coreLoadPpm(known, networkPpm)),
  };
}
