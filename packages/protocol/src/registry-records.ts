import * as z from "zod";
import { BroadcastRecord } from "./broadcasts.ts";
import { GroupName } from "./capacity.ts";
import { Source } from "./grants.ts";
import { CoreIndex, Epoch, Identity, Incarnation, NodeId, RoomId, TicketId, WellFormed } from "./ids.ts";

/** 0..1; a measured load may pass 1 for a moment. */
export const Load = z.number().min(0).max(4);
export type Load = z.infer<typeof Load>;

/** Where a node stands, in the operator's words, e.g. `eu-west`. */
export const Region = WellFormed.max(64);
/** An operator's word for a kind of node, e.g. `gpu`. */
export const Label = WellFormed.max(64);

/** One core of one run of one node. */
export const CoreAddress = z.object({ nodeId: NodeId, incarnation: Incarnation, core: CoreIndex });
export type CoreAddress = z.infer<typeof CoreAddress>;

/** The claim of a room by a core. It has no TTL of its own: it lives while its node's incarnation lives. */
export const Lease = CoreAddress.extend({ roomId: RoomId, epoch: Epoch });
export type Lease = z.infer<typeof Lease>;

export const NodeState = z.enum(["ready", "draining"]);
export type NodeState = z.infer<typeof NodeState>;

/** Whoever asks for a drain may say its name, e.g. `autoscaler`: it ends such drains alone, and none that an operator asked for. */
export const DrainedBy = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
export type DrainedBy = z.infer<typeof DrainedBy>;

/** What a node tells of its drain. */
export const DrainStatus = z.object({
  /** Absent: an operator asked for it, or the process ends. */
  by: DrainedBy.optional(),
  /** For how long it has been draining, ms. */
  forMs: z.int().min(0),
  /** Rooms that have moved, and whose media still flows here while their peers build it at the next place. */
  lingering: z.int().min(0),
});
export type DrainStatus = z.infer<typeof DrainStatus>;

/** A node's report of one of its cores. */
export const CoreAdvert = z.object({
  core: CoreIndex,
  /** The worker's CPU share, smoothed; without debits. */
  cpuLoad: Load,
  rooms: z.int().min(0),
  peers: z.int().min(0),
  consumers: z.int().min(0),
  /** The worker runs and answers. A core without one takes no rooms. */
  usable: z.boolean(),
  /** How much of `cpuLoad` is that of rooms that linger: they count elsewhere already. */
  lingeringLoad: Load.optional(),
});
export type CoreAdvert = z.infer<typeof CoreAdvert>;

/** The kind of use that a room is for: rooms of a kind cost alike, so the expected cost of a new one is learned by kind. */
export const RoomKind = z.enum(["meeting", "broadcast"]);
export type RoomKind = z.infer<typeof RoomKind>;

/** The most that a node can carry, apart from its cores. */
export const NodeCapacity = z.object({
  /** null: as many as its cores carry. */
  maxPeers: z.int().min(1).nullable(),
  /** Capacity of the host's network, bits/s, each way. */
  networkBps: z.int().min(1),
});
export type NodeCapacity = z.infer<typeof NodeCapacity>;

/** A lease as the node that serves it knows it. */
export const ServedLease = z.object({
  roomId: RoomId,
  core: CoreIndex,
  epoch: Epoch,
  peers: z.int().min(0),
  /** Claimed by the node itself while the registry was away, and not confirmed by the registry since. */
  isLocal: z.boolean(),
});
export type ServedLease = z.infer<typeof ServedLease>;

/** An epoch is a time in ms: sums of what is left of it stay exact, however many leases a node has. */
export const EPOCH_MODULUS = 1_000_000_000;

/** All leases that a node serves, in two numbers, so that a beat need not name each. */
export const LeaseDigest = z.object({
  count: z.int().min(0),
  /** Sum of `epoch % EPOCH_MODULUS`. */
  epochSum: z.int().min(0),
});
export type LeaseDigest = z.infer<typeof LeaseDigest>;

export function digestOf(leases: readonly Pick<Lease, "epoch">[]): LeaseDigest {
  const epochSum = leases.reduce((sum, { epoch }) => sum + (epoch % EPOCH_MODULUS), 0);
  return { count: leases.length, epochSum };
}

/**
 * Each room has one of so many slots, by its id. A bucket is a row of slots: node and registry compare their leases bucket by bucket, and
 * name those of a bucket at once.
 */
export const LEASE_SLOTS = 1_024;

export function leaseSlotOf(roomId: string): number {
  let hash = 0;
  for (let index = 0; index < roomId.length; index += 1)
    hash = (hash * 257 + roomId.charCodeAt(index)) % 65_521;
  return hash % LEASE_SLOTS;
}

/** @param of How many buckets there are: a power of two, at most `LEASE_SLOTS`. */
export function leaseBucketOf(roomId: string, of: number): number {
  return Math.floor((leaseSlotOf(roomId) * of) / LEASE_SLOTS);
}

/** Whole buckets: a beat that has them names every lease that its node has in them. */
export const LeasePage = z.object({
  of: z.int().min(1).max(LEASE_SLOTS),
  buckets: z
    .array(
      z
        .int()
        .min(0)
        .max(LEASE_SLOTS - 1),
    )
    .min(1),
});
export type LeasePage = z.infer<typeof LeasePage>;

/** What a node tells the registry each beat. */
export const Heartbeat = z.object({
  nodeId: NodeId,
  incarnation: Incarnation,
  state: NodeState,
  /** Of one that drains; builds before leave it out. */
  drain: DrainStatus.optional(),
  busConnected: z.boolean(),
  region: Region,
  labels: z.array(Label).max(16),
  /** The nodes that it is scaled with. Absent: `defaultGroupOf` the node. */
  group: GroupName.optional(),
  version: z.string().max(32),
  // next build: record of a node, schema
  /** The node's share of its network capacity. */
  networkLoad: Load,
  cores: z.array(CoreAdvert).min(1).max(1024),
  /** Debits that the measured loads now contain: rooms and peers that these ids were placed for have arrived. */
  settledDebits: z.array(z.string().max(64)),
  /** Debits of peers that sit on another core of the node than their room's home. Repeated when they are settled. */
  seatedDebits: z.array(z.object({ debitId: z.string().max(64), core: CoreIndex })).optional(),
  capacity: NodeCapacity,
  /** One that is not named within 5 s of the claim lapses. */
  leases: LeaseDigest.extend({
    /** Those opened, or with many more or fewer peers, since the last answered beat; and all of `page`. */
    named: z.array(ServedLease),
    page: LeasePage.optional(),
    /** The digest of each bucket, because the registry means other leases than the node: its answer says which buckets differ. */
    buckets: z.array(LeaseDigest).optional(),
  }),
  /** The cost of grown rooms at their peak, as load of a core: the registry learns what to expect of new ones. */
  observedCosts: z.array(z.object({ kind: RoomKind, load: Load })).max(64),
  /** Incarnations that nobody answered for on the bus: a hint, which shortens the time until they count as dead. */
  suspects: z.array(Incarnation).max(16),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

/** What a process that takes RTMP in carries, and may carry. */
export const LiveLoad = z.object({
  /** Of its machine's cores: what the process, its media worker and its encoders use together. */
  cpuLoad: Load,
  publishers: z.int().min(0),
  /** Those of them that are encoded anew. */
  transcodes: z.int().min(0),
  limits: z.object({ publishers: z.int().min(0), transcodes: z.int().min(0) }),
});
export type LiveLoad = z.infer<typeof LiveLoad>;

/** What a process that takes RTMP in tells the registry each beat. It has no rooms and no leases: its death hands nothing over. */
export const LiveBeat = LiveLoad.extend({
  nodeId: NodeId,
  incarnation: Incarnation,
  state: NodeState,
  busConnected: z.boolean(),
  region: Region,
  version: z.string().max(32),
});
export type LiveBeat = z.infer<typeof LiveBeat>;

export const LiveStatus = LiveBeat.extend({ lastBeatMs: z.number() });
export type LiveStatus = z.infer<typeof LiveStatus>;

/** A core as placement sees it. `load` = max(cpuLoad, networkLoad) + open debits. */
export const CoreStatus = CoreAdvert.extend({ debit: z.number().min(0), load: z.number().min(0) });
export type CoreStatus = z.infer<typeof CoreStatus>;

export const NodeStatus = Heartbeat.omit({
  cores: true,
  settledDebits: true,
  seatedDebits: true,
  leases: true,
  observedCosts: true,
  suspects: true,
}).extend({
  cores: z.array(CoreStatus),
  lastBeatMs: z.number(),
  /** The registry is away, or knows of no node: the node told this on the bus, and nobody knows its debits. */
  source: z.literal("bus").optional(),
  /** `media`, or `live`: takes RTMP in, and has no cores, labels or known network. Later builds may have others. Absent: `media`. */
  kind: z.string().max(32).optional(),
  /** Of the kind `live`. */
  live: LiveLoad.optional(),
});
export type NodeStatus = z.infer<typeof NodeStatus>;

/** Why a room is where it is. */
export const PlacementDecision = z.object({
  /** `claimed_by_node`: the registry took a node's word, after it was away or lost what it knew. */
  reason: z.enum(["live_lease", "least_loaded", "claimed_by_node"]),
  atMs: z.number(),
  /** The least-loaded core of each of the best nodes at that moment, best first, at most 8. `load` before the debit. */
  candidates: z.array(z.object({ nodeId: NodeId, core: CoreIndex, load: z.number() })).max(8),
});
export type PlacementDecision = z.infer<typeof PlacementDecision>;

export const DEFAULT_MAX_CONSUMERS_PER_PEER = 1_000;
/** A camera in three layers and a 4K screen need less than half of it. */
export const DEFAULT_MAX_INCOMING_BITRATE_BPS = 50_000_000;

export const RoomOptions = z.object({
  maxPeers: z.int().min(1).max(100_000).default(1_000),
  /** `replace`: the newest peer of an identity replaces the older. `refuse`: the newer is refused. */
  duplicateIdentity: z.enum(["replace", "refuse"]).default("replace"),
  /** How long an empty room is kept, ms. */
  emptyTimeoutMs: z.int().min(0).max(86_400_000).default(30_000),
  kind: RoomKind.default("meeting"),
  /** Preferred region: others are used only when it has no room left. Absent: that of the signaling process that is asked. */
  region: Region.optional(),
  /** Labels that the node must have, all of them, e.g. `gpu`. */
  labels: z.array(Label).max(16).default([]),
  /** Of one peer; absent: `DEFAULT_MAX_CONSUMERS_PER_PEER`. */
  maxConsumersPerPeer: z.int().min(1).max(100_000).optional(),
  /**
   * Of one peer, bits/s; absent: `DEFAULT_MAX_INCOMING_BITRATE_BPS`. Its browser is told, and the node measures: above 1.5 times this for
   * six seconds, the peer's producers are closed.
   */
  maxIncomingBitrateBps: z.int().min(100_000).max(4_000_000_000).optional(),
  /** Pins the room to this node: without it, the room does not run. */
  nodeId: NodeId.optional(),
});
export type RoomOptions = z.infer<typeof RoomOptions>;

/** A source of an identity that a moderator or the API holds muted. */
export const Mute = z.object({ identity: Identity, source: Source });
export type Mute = z.infer<typeof Mute>;

export const Ban = z.object({ identity: Identity, ticketIds: z.array(TicketId) });
export type Ban = z.infer<typeof Ban>;

/** Lives beside the lease, and outlives the node. */
export const RoomRecord = z.object({
  roomId: RoomId,
  createdAtMs: z.number(),
  options: RoomOptions,
  bannedIdentities: z.array(Identity),
  bannedTicketIds: z.array(TicketId),
  /** The same: which tickets were banned with which identity. */
  bans: z.array(Ban),
  mutes: z.array(Mute),
  /** The room is a broadcast's. */
  broadcast: BroadcastRecord.optional(),
  /** The last beat of the node whose lease it has or had, milliseconds since 1970; null: not known. */
  aliveAtMs: z.number().nullable().optional(),
  /** The record was lost and made anew, and no node has told what it knows of the room. */
  isPartial: z.boolean(),
  lease: Lease.nullable(),
  decision: PlacementDecision.nullable(),
});
export type RoomRecord = z.infer<typeof RoomRecord>;
