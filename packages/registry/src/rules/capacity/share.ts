import type { KnownNode } from "../nodes/known-node.ts";
import type { PlacementPolicy } from "../policy.ts";

/** What nodes add up to, and one of them adds. */
export type Sums = {
  nodes: number;
  ready: number;
  draining: number;
  /** Those of them that have rooms. */
  withRooms: number;
  /** Usable ones of ready nodes. */
  cores: number;
  /** Usable ones of draining nodes. */
  drainingCores: number;
  demandPpm: number;
  /** How many rooms more find room. */
  slots: number;
  /** Those on their way included. */
  peers: number;
  /** How many peers ready nodes take at most. */
  mostPeers: number;
  /** Ready ones that have the bus: only these take rooms. */
  onBus: number;
};

/** One node's part of its group's sums. */
export type Share = Sums & { group: string; nodeId: string; rooms: number };

export const SUM_NAMES = [
  ...(["nodes", "ready", "draining", "withRooms", "cores", "drainingCores", "demandPpm", "slots"] as const),
  ...(["peers", "mostPeers", "onBus"] as const),
];

/** @param roomCostPpm What a room is expected to cost. A node that is cut off carries nothing: its rooms are given to others. */
export function shareOf(node: KnownNode, roomCostPpm: number, policy: PlacementPolicy): Share {
  const { group, nodeId, state, busConnected, wasCutOff, openPeers, maxPeers } = node;
  const isReady = state === "ready" && !wasCutOff;
  const usable = wasCutOff ? [] : node.cores.filter((core) => core.usable);
  const loads = usable.map(({ cpuPpm, debitPpm }) => Math.max(cpuPpm, node.networkPpm) + debitPpm);
  const demandPpm = loads.reduce((sum, load) => sum + load, 0) - (wasCutOff ? 0 : node.lingeringPpm);
  const free = loads.map((load) => Math.floor(Math.max(0, policy.fullPpm - load) / roomCostPpm));
  const peers = node.peers + openPeers;
  const mostPeers = maxPeers ?? policy.unlimitedPeers;
  const slots = Math.min(
    maxPeers === null ? Number.POSITIVE_INFINITY : Math.max(0, maxPeers - peers),
    free.reduce((sum, rooms) => sum + rooms, 0),
  );
  const rooms = wasCutOff ? 0 : node.rooms;
  return {
    group,
    nodeId,
    nodes: 1,
    ready: isReady ? 1 : 0,
    draining: isReady || wasCutOff ? 0 : 1,
    withRooms: rooms > 0 ? 1 : 0,
    cores: isReady ? usable.length : 0,
    drainingCores: isReady ? 0 : usable.length,
    demandPpm: Math.max(0, demandPpm),
    slots: isReady ? slots : 0,
    peers: wasCutOff ? 0 : peers,
    mostPeers: isReady ? mostPeers : 0,
    onBus: isReady && busConnected ? 1 : 0,
    rooms,
  };
}
