import type { CoreAddress, NodeState } from "@fairlead/protocol";

/**
 * Placement counts load in ppm, millionths of a core: sums of integers do not depend on their order, so an implementation in
 * another language gives the same answer to the last digit.
 */
const PPM = 1_000_000;

/** @param load 0..1. */
export function toPpm(load: number): number {
  return Math.round(load * PPM);
}

/** @returns 0..1. */
export function fromPpm(ppm: number): number {
  return ppm / PPM;
}

export type PlacementPolicy = {
  /** A node whose last heartbeat is older is dead. */
  nodeTtlMs: number;
  /** The same for a node that the caller could not reach. */
  suspectTtlMs: number;
  /** A core whose load would reach this takes no new room. */
  fullPpm: number;
  /** What a new room is expected to come to. */
  roomCostPpm: number;
  /** What each peer adds. */
  peerCostPpm: number;
  /** For how long a young room's expected growth is reserved, and the longest life of a debit that nobody settles. */
  reservationMs: number;
};

/**
 * The costs are those of a meeting of three with cameras: six pairs of video and audio forwarded, each about 0.2 % of a core.
 * Lifetimes suit a heartbeat of 500 ms.
 */
export const DEFAULT_POLICY: PlacementPolicy = {
  nodeTtlMs: 3_000,
  suspectTtlMs: 1_200,
  fullPpm: 900_000,
  roomCostPpm: 12_000,
  peerCostPpm: 4_000,
  reservationMs: 120_000,
};

export type PlacementCore = { core: number; usable: boolean; cpuPpm: number; debitPpm: number };

export type PlacementNode = {
  nodeId: string;
  incarnation: string;
  state: NodeState;
  busConnected: boolean;
  region: string;
  labels: readonly string[];
  networkPpm: number;
  lastBeatMs: number;
  cores: readonly PlacementCore[];
};

export type PlacementWish = {
  /** Preferred region. */
  region?: string;
  /** All required. */
  labels?: readonly string[];
  exclude?: readonly CoreAddress[];
  /** An incarnation that the caller could not reach. */
  suspect?: string;
};
