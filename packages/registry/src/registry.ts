import type {
  Ban,
  BroadcastRecord,
  BroadcastState,
  CoreAddress,
  GroupCapacity,
  GroupName,
  Heartbeat,
  Lease,
  LiveBeat,
  LiveStatus,
  Mute,
  NodeStatus,
  PlacementDecision,
  RoomOptions,
  RoomRecord,
} from "@fairlead/protocol";
import type { Rate, RateStanding } from "./rules/rates/rate.ts";

export type PlaceRequest = {
  roomId: string;
  /** The peer that wants in: checked against the room's bans. Absent when a room is placed without a peer (failover). */
  peer?: { identity: string; ticketId: string };
  /** Used when the room has no record yet. */
  options?: RoomOptions;
  /** Preferred region, unless the room's options name one; others are used only when it has no room left. */
  region?: string;
  /** Labels that the node must have, all of them, besides those of the room's options. */
  labels?: string[];
  /**
   * Cores that a new claim must not choose, e.g. one that just answered `core_full`. A live lease on one of them is the answer all
   * the same, but the peer is not debited: it has been turned away there.
   */
  exclude?: CoreAddress[];
  /**
   * The owner of the lease with this epoch gives it up (its worker died) and asks for another core in the same step. Ignored
   * unless it is still the lease in force: then that one is the answer.
   */
  supersedes?: { incarnation: string; epoch: number };
  /** An incarnation that the caller could not reach: its lease is stolen if its heartbeat is late too. */
  suspect?: string;
  /**
   * Counted before anything is done: one that refuses leaves everything as it was, the other counts too. A peer that is banned
   * is not counted for the room, or it could keep everybody out of it.
   */
  rates?: readonly Rate[];
  /**
   * What a room that moves was measured to cost where it was, in cores, 0..4. So much is reserved until it is measured at its new place, and
   * nothing for growth; peers that come with it are in it.
   */
  movedLoad?: number;
  /**
   * A new room goes to the fullest node that is less than half full, so that others empty. Where there is none, or rooms come fast, it goes to the
   * least-loaded one, as without.
   */
  fills?: boolean;
  /**
   * Groups of nodes, in the operator's order. A join that nobody has room for counts as refused for the first of them that would satisfy it, in
   * its preferred region if one there would. Absent: all that have nodes, by name.
   */
  groups?: readonly GroupName[];
};

export type Placement = {
  /** The lease in force after the call. */
  lease: Lease;
  isNew: boolean;
  /**
   * Names the peer's debit; the node settles it in a heartbeat once the load that it stands for is measured. Without a
   * peer it names nothing: what a new room is expected to grow by is reserved with the room itself.
   */
  debitId: string;
  room: Pick<RoomRecord, "options" | "mutes">;
  decision: PlacementDecision;
  /** After this call, in the request's order. */
  rates: RateStanding[];
};

export type HeartbeatReply = {
  /** Leases that another node holds, with a higher epoch, of rooms that this one named: positive evidence to stop serving them. */
  lost: Lease[];
  /** Leases of nodes that are dead, handed to this node to place anew. Each goes to one living node. */
  orphans: Lease[];
  /** Leases of this node under a higher epoch than it named: it goes on serving the rooms, under these. */
  renewed: Lease[];
  /** Nodes whose heartbeats are late, at most 4: ask them on the bus, and name those that nobody answers for in `suspects`. */
  late: { incarnation: string; silentMs: number /** How often it beats. */; intervalMs: number }[];
  /** The registry knows of other leases than the node has: the next beat brings the digests of buckets, or names all where they are few. */
  leasesDiffer: boolean;
  /** Of the buckets whose digests the beat brought, those that differ: the next beats name all leases in these. */
  differingBuckets: number[];
  /** Rooms that this one named and whose records were lost: it is to tell what it knows of them, by `updateRoom`. */
  recordsLost: string[];
  /** The next regular beat is due so long after this one: rarer where there are thousands of nodes. */
  intervalMs: number;
  /** By how much the beat's time was behind the registry's: some ms on the way as a rule; more where a clock was set. */
  behindMs: number;
};

export type RoomPatch = {
  options?: RoomOptions;
  ban?: { identity: string; ticketId?: string };
  /** Lifts an identity's ban, and that of the tickets that were banned with it. Does nothing where there is none. */
  unban?: { identity: string };
  /** `muted: false` lifts it. */
  mute?: Mute & { muted: boolean };
  /**
   * What the room's node knows of it. Does nothing but for a record that was lost and made anew. What was said since then counts, item by
   * item, liftings included.
   */
  restore?: KnownOfRoom;
  broadcast?: BroadcastWrite;
};

/**
 * Writes a room's broadcast, if it is still as the writer read it.
 *
 * @property write null: the broadcast is removed, and what is left is a room with the default options.
 * @property ifRevision Of the record that the writer read; null: there is none yet, and no lease of a room of that id either.
 * @property epoch Of the lease under which the room's home writes. Absent: the API writes.
 */
export type BroadcastWrite = { write: BroadcastRecord | null; ifRevision: number | null; epoch?: number };

/** @property options Absent where nobody gave any. @property broadcast As its home last wrote it, or tried to. */
export type KnownOfRoom = {
  options?: RoomOptions;
  bans: Ban[];
  mutes: Mute[];
  broadcast?: BroadcastRecord;
};

export type Holding = { holder: string; untilMs: number };

export type Page<T> = { items: T[]; cursor?: string };

/**
 * The index of nodes, their loads, and who owns which room. Redis, or memory within one process. An index only: nodes
 * are the truth, and it can be rebuilt from their heartbeats.
 *
 * Every method may throw {FairleadError} `registry_unreachable`.
 */
export interface Registry {
  /**
   * Gives the room to the least-loaded core of the least-loaded node and debits it, unless a live lease holds it already
   * (which is debited for the peer). One atomic step: two processes that ask at once get the same answer.
   *
   * @throws {FairleadError} `rate_limited` and `no_capacity` with `retryAfterMs`; `banned`; `registry_cold`.
   */
  place(request: PlaceRequest): Promise<Placement>;

  /**
   * Counts a request that places nothing.
   * @returns How the rates stand after it, in their order.
   * @throws {FairleadError} `rate_limited` with `retryAfterMs`: of the first that refuses; none has counted it then.
   */
  count(rates: readonly Rate[]): Promise<RateStanding[]>;

  /**
   * Renews a node's life and adverts, settles debits, and tells what the node must know. A node sends one at a time, so this
   * settles within about a second, answered or not; it waits longer only after the process stood still, when the answer may
   * lie unread. A beat that was given up is carried out all the same: until it is answered, or its connection is gone, no other one of
   * that node is sent, or an overloaded registry would get the more to do the longer it takes.
   *
   * @param onLate Hears an answer that comes after that.
   */
  heartbeat(beat: Heartbeat, onLate?: (reply: HeartbeatReply) => void): Promise<HeartbeatReply>;

  /** The room was closed by its owner. Does nothing unless incarnation and epoch are those in force. */
  release(lease: Lease): Promise<void>;

  /** The node says goodbye: its leases lapse now, and what rooms it still has are handed to others. */
  removeNode(incarnation: string): Promise<void>;

  /** @returns null for a room without a record. */
  describeRoom(roomId: string): Promise<RoomRecord | null>;

  /** In order of room id. @param limit 1..100. */
  listRooms(options: { limit: number; cursor?: string }): Promise<Page<RoomRecord>>;

  /**
   * Creates the record where there is none.
   * @throws {FairleadError} `too_many_bans`, `too_many_mutes`: the record stays as it is. So it does where a write of a broadcast is refused:
   * `broadcast_not_found` (somebody removed it), `registry_cold` (its home writes, and the record was lost), `lease_lost` (a higher epoch is known), `broadcast_exists`, `broadcast_conflict`.
   */
  updateRoom(roomId: string, patch: RoomPatch): Promise<RoomRecord>;

  /** In order of room id. @param options.limit 1..100. @param options.state Only those that were last written so. */
  listBroadcasts(options: {
    limit: number;
    cursor?: string;
    state?: BroadcastState;
  }): Promise<Page<RoomRecord>>;

  /** Living nodes, in order of node id, then incarnation. @param options.limit 1..100. @param options.nodeId Only this node. */
  listNodes(options: { limit: number; cursor?: string; nodeId?: string }): Promise<Page<NodeStatus>>;

  /**
   * What each group of nodes carries and wants, in order of name.
   * @throws {FairleadError} `registry_cold` with `retryAfterMs`, never an empty list: no node is heard, not all of them have said what they
   * serve, or one of an older build, which says nothing of its group, is among them.
   */
  listGroups(): Promise<GroupCapacity[]>;

  /**
   * Takes, or renews, a role that one process at a time has, e.g. `autoscaler`.
   * @returns Who has it after the call, and until when by the registry's clock, milliseconds since 1970.
   */
  holdRole(role: string, holder: string, forMs: number): Promise<Holding>;

  /** Does nothing where somebody else has it. */
  releaseRole(role: string, holder: string): Promise<void>;

  /** A process that takes RTMP in lives, and says what it carries. It is listed until it is silent for 3 s, and nothing is placed on it. */
  beatLive(beat: LiveBeat): Promise<void>;

  /** It says goodbye. */
  removeLive(run: { nodeId: string; incarnation: string }): Promise<void>;

  /** Living processes that take RTMP in, as `listNodes` lists nodes. */
  listLives(options: { limit: number; cursor?: string; nodeId?: string }): Promise<Page<LiveStatus>>;

  /** Resolves when the registry answers and takes writes. The error's message says why not, in words that anybody may read. */
  ping(): Promise<void>;

  close(): Promise<void>;
}
