/** The numbers by which groups of nodes are scaled. Like all of a policy they are integers. */
export type ScalePolicy = {
  /** A node that says nothing new adds its loads to its group's sums so often. */
  shareEveryMs: number;
  /** Rooms that come and joins that are refused are counted in periods of this length, so many of which are kept. */
  countMs: number;
  countsKept: number;
  /** A minute's worth of these periods. */
  countsPerMinute: number;

  /** How much of a group's cores its load is to take. */
  targetPermille: number;
  /** A group would do with a node less where its load takes less than this of the cores that are left. */
  belowPermille: number;
  /** It has fewer nodes only after so long, ms. */
  belowForMs: number;
  /** So many more rooms always find room. */
  reserveRooms: number;
  /** How long a node takes from when it is asked for until it has room, ms: rooms that come meanwhile must find room without it. */
  nodeStartMs: number;
  minNodes: number;
  /** As many peers a node is reckoned to take that has no limit but its cores. */
  unlimitedPeers: number;
};

export const DEFAULT_SCALE_POLICY: ScalePolicy = {
  shareEveryMs: 10_000,
  countMs: 10_000,
  countsKept: 30,
  countsPerMinute: 6,

  targetPermille: 600,
  belowPermille: 500,
  belowForMs: 300_000,
  reserveRooms: 20,
  nodeStartMs: 120_000,
  minNodes: 2,
  unlimitedPeers: 1_000_000,
};
