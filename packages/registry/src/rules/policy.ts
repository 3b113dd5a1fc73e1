import type { CoreAddress, NodeState } from "@fairlead/protocol";
import { DEFAULT_SCALE_POLICY, type ScalePolicy } from "./capacity/scale-policy.ts";

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

export type PlacementPolicy = ScalePolicy & {
  /** How often nodes beat, up to `fewNodes`; from there on it grows, to `longestBeatMs` at `manyNodes`. */
  beatMs: number;
  longestBeatMs: number;
  fewNodes: number;
  manyNodes: number;
  /**
   * A node whose last heartbeat is older is dead. This time and the next two suit a heartbeat every `beatMs`; for a node that was told to beat
   * more rarely they are as much longer.
   */
  nodeTtlMs: number;
  /** The same for a node that somebody could not reach. */
  suspectTtlMs: number;
  /** A node whose last heartbeat is older is late: others are told, and ask it on the bus. */
  lateAfterMs: number;
  /** A node that has lost the bus for longer, while others have it, loses its rooms. */
  cutAfterMs: number;
  /**
   * After so long without any node's heartbeat the registry was away, or all nodes are: it places nothing until one is heard, and no
   * silence before that counts.
   */
  gapMs: number;
  /** For how long a registry that finds itself empty places nothing, so that nodes can tell it what they serve. */
  coldMs: number;
  /**
   * After that it places no room that it has no lease of, as long as a node is still naming what it served before; but no longer than this after
   * its beginning, so that a node which never comes to its end holds nothing up for ever.
   */
  toldWithinMs: number;

  /**
   * A core is full, and takes no new room, where its measured load, the debits of peers on their way, and the peers that come with the
   * room would reach this. What young rooms may grow by decides only where a room goes.
   */
  fullPpm: number;
  /** A full core ranks behind all others, by so much. */
  fullRankPpm: number;
  /** What a new room is expected to come to, as long as no room of its kind has shown what it costs. */
  roomCostPpm: number;
  minRoomCostPpm: number;
  maxRoomCostPpm: number;
  /** What each peer adds. */
  peerCostPpm: number;
  /** For how long a young room's expected growth is reserved. */
  reservationMs: number;
  /** So long after a moved room's peers came, their load is measured. */
  movedSettlesMs: number;
  /** A node that is filled is below this. */
  fillPpm: number;
  /** The longest life of a debit that nobody settles. */
  debitTtlMs: number;
  /** How many nodes of a pool are looked at, at most, for one room. */
  walkLimit: number;
  /** The same where nodes are filled. */
  fillWalkLimit: number;
  /** How many nodes that fit are compared, at most. */
  candidateLimit: number;
  /** When to ask again where all nodes are full: they say something new with their next heartbeats. */
  retryWhenFullMs: number;
  /** The same where no node may take the room at all: somebody has to start one. */
  retryWhenNoneMs: number;
  /** The same while nobody is heard, or not all leases are known: by then a node that lives has beaten again. */
  retryWhenSilentMs: number;

  /** What rooms cost is learned as counts by these upper bounds, each half as much again as the one before: finer would be noise. */
  costBoundsPpm: readonly number[];
  /** Until so many were seen, `roomCostPpm` stands for those that are missing. */
  enoughCosts: number;
  /** At so many, all counts are halved, so that what rooms cost lately counts most. */
  forgetCostsAt: number;

  /**
   * A lease that its living node does not name for this long after the claim lapses: the room was never opened. A peer that is
   * sent to it in the second half of that time starts it anew, or the room would be opened with a lease that ends that moment.
   */
  confirmWithinMs: number;
  /** How many dead nodes one heartbeat buries, and how many late ones it tells. */
  silentPerBeat: number;
  /** One heartbeat's reply is bounded; the rest goes with the next ones, to whichever node beats. */
  orphansPerBeat: number;
  /** At most so many graves are dug in by one heartbeat. */
  gravesPerBeat: number;
  /** So many leases that nobody named in time, or that a page leaves out, end with one heartbeat. */
  endedPerBeat: number;
  /** An heir that has not placed a room by then has lost the reply, or found no capacity: another one's turn. */
  heirPatienceMs: number;
  /** For how long the last beat of a buried node is known: longer than any broadcast waits for its publisher. */
  lastBeatKeptMs: number;
  /**
   * For how long what was said about a room (options, bans, mutes) outlives its last lease; a broadcast its start and its end too, if these
   * come later.
   */
  roomRetentionMs: number;
  /** How many records that were kept long enough are dropped with each that comes to be kept. */
  droppedAtOnce: number;
  /** The most identities that one room may ban, and the most tickets. */
  bansPerRoom: number;
  /** The most mutes that one room may hold. */
  mutesPerRoom: number;
  /** For how long it is known what a group offered and was refused that has no node any more, s. */
  groupKeptS: number;
  /** Among how many groups one is looked for that would have taken a refused join. */
  groupsLookedAt: number;
  /** How much longer than it is held a role that nobody released is remembered. */
  roleKeptMs: number;
};

/**
 * The costs are those of a meeting of three with cameras: six pairs of video and audio forwarded, each about 0.2 % of a core.
 * Times suit a heartbeat of 500 ms.
 */
export const DEFAULT_POLICY: PlacementPolicy = {
  beatMs: 500,
  longestBeatMs: 1_000,
  fewNodes: 3_000,
  manyNodes: 10_000,
  nodeTtlMs: 3_000,
  suspectTtlMs: 1_200,
  lateAfterMs: 650,
  cutAfterMs: 10_000,
  gapMs: 1_000,
  coldMs: 1_100,
  toldWithinMs: 60_000,

  fullPpm: 900_000,
  fullRankPpm: 1_000_000_000,
  roomCostPpm: 12_000,
  minRoomCostPpm: 2_000,
  maxRoomCostPpm: 250_000,
  peerCostPpm: 4_000,
  reservationMs: 120_000,
  movedSettlesMs: 2_000,
  fillPpm: 500_000,
  debitTtlMs: 30_000,
  walkLimit: 256,
  fillWalkLimit: 64,
  candidateLimit: 8,
  retryWhenFullMs: 1_000,
  retryWhenNoneMs: 5_000,
  retryWhenSilentMs: 500,

  costBoundsPpm: [
    2_000, 3_000, 4_500, 6_750, 10_000, 15_000, 22_500, 34_000, 50_000, 75_000, 112_500, 170_000, 250_000,
  ],
  enoughCosts: 20,
  forgetCostsAt: 1_024,

  confirmWithinMs: 5_000,
  silentPerBeat: 4,
  orphansPerBeat: 50,
  gravesPerBeat: 8,
  endedPerBeat: 50,
  heirPatienceMs: 3_000,
  lastBeatKeptMs: 2 * 3_600_000,
  roomRetentionMs: 30 * 24 * 3_600_000,
  droppedAtOnce: 2,
  bansPerRoom: 1_000,
  mutesPerRoom: 1_000,
  groupKeptS: 24 * 3_600,
  groupsLookedAt: 64,
  roleKeptMs: 60_000,

  ...DEFAULT_SCALE_POLICY,
};

export type PlacementCore = {
  core: number;
  usable: boolean;
  cpuPpm: number;
  debitPpm: number;
  /** How much of the debit young rooms reserve, and nobody has come for. */
  growthPpm: number;
};

/** A node as placement sees it. */
export type PlacementNode = {
  nodeId: string;
  incarnation: string;
  state: NodeState;
  busConnected: boolean;
  region: string;
  labels: readonly string[];
  networkPpm: number;
  /** Of all cores, as last advertised. */
  peers: number;
  /** Placed since, and not in `peers` yet. */
  openPeers: number;
  /** null: as many as its cores carry. */
  maxPeers: number | null;
  lastBeatMs: number;
  cores: readonly PlacementCore[];
};

export type PlacementWish = {
  /** Preferred region: others are looked at when nothing in it fits. */
  region?: string | undefined;
  /** All required. */
  labels?: readonly string[];
  /** The only node that will do. */
  nodeId?: string | undefined;
  exclude?: readonly CoreAddress[] | undefined;
  /** An incarnation that the caller could not reach. */
  suspect?: string | undefined;
  /** What must fit on the core: the peers that come with the room. */
  needPpm: number;
};
