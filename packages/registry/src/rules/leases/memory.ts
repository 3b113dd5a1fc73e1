import {
  type CoreAddress,
  EPOCH_MODULUS,
  type Lease,
  leaseSlotOf,
  type PlacementDecision,
} from "@fairlead/protocol";
import type { PlaceRequest } from "../../registry.ts";
import type { KnownNode } from "../nodes/known-node.ts";
import type { NodeTable } from "../nodes/memory.ts";
import type { Orphans } from "../orphans/memory.ts";
import type { PlacementPolicy } from "../policy.ts";
import type { Reservations } from "../reservations/memory.ts";
import type { Room, RoomTable } from "../rooms/memory.ts";

/** What a room's lease becomes. */
export type Tenure = Pick<Room, "isConfirmed" | "isLocal" | "decision"> & { lease: Lease };

/** Who may serve which room. */
export class Leases {
  readonly #policy: PlacementPolicy;
  readonly #rooms: RoomTable;
  readonly #nodes: NodeTable;
  readonly #orphans: Orphans;
  readonly #reservations: Reservations;

  constructor(
    policy: PlacementPolicy,
    tables: { rooms: RoomTable; nodes: NodeTable; orphans: Orphans; reservations: Reservations },
  ) {
    this.#policy = policy;
    this.#rooms = tables.rooms;
    this.#nodes = tables.nodes;
    this.#orphans = tables.orphans;
    this.#reservations = tables.reservations;
  }

  /** @param suspect An incarnation that the caller could not reach. @returns The lease in force. */
  live(room: Room, nowMs: number, suspect?: string): Lease | null {
    const { lease, isConfirmed } = room;
    const isLive =
      lease !== null &&
      (isConfirmed || this.isAwaited(room, nowMs)) &&
      this.#nodes.isAlive(lease.incarnation, nowMs, suspect);
    return isLive ? lease : null;
  }

  /**
   * Claimed so lately that its node may be on the way to opening it. Time in which nobody was heard, or which a clock jumped over, does not
   * count.
   */
  isAwaited({ isConfirmed, claimedAtMs }: Room, nowMs: number): boolean {
    const { aliveFloorMs } = this.#nodes.momentAt(nowMs);
    return !isConfirmed && nowMs - Math.max(claimedAtMs, aliveFloorMs) <= this.#policy.confirmWithinMs;
  }

  /** @returns The lease that answers the request as it is, without a new claim. */
  standing(room: Room, { suspect, supersedes }: PlaceRequest, nowMs: number): Lease | null {
    const lease = this.live(room, nowMs, suspect);
    if (!lease || !supersedes) return lease;
    const isGivenUp = lease.epoch === supersedes.epoch && lease.incarnation === supersedes.incarnation;
    return isGivenUp ? null : lease;
  }

  /** A peer is on its way to a room that its node has not named yet: the node gets as long for it as for a new room. */
  awaitAgain(room: Room, nowMs: number): void {
    const isLate = nowMs - room.claimedAtMs > this.#policy.confirmWithinMs / 2;
    if (room.isConfirmed || !isLate) return;
    room.claimedAtMs = nowMs;
    const claims = room.lease && this.#nodes.get(room.lease.incarnation)?.claims;
    if (claims?.scoreOf(room.roomId) !== undefined) claims.set(room.roomId, nowMs);
  }

  /** The epoch passes every one the room had, also when its clock stands still, and that of an index that was lost. */
  claim(room: Room, core: CoreAddress, decision: PlacementDecision, nowMs: number): Lease {
    const lease = { roomId: room.roomId, ...core, epoch: Math.max(room.lastEpoch + 1, nowMs) };
    room.claimedAtMs = nowMs;
    this.give(room, { lease, decision, isConfirmed: false, isLocal: false });
    return lease;
  }

  /** The room is this lease's from now on, and nobody else's. */
  give(room: Room, { lease, decision, isConfirmed, isLocal }: Tenure): void {
    this.#leave(room);
    this.#rooms.unkeep(room);
    Object.assign(room, { lease, decision, isConfirmed, isLocal });
    room.lastEpoch = Math.max(room.lastEpoch, lease.epoch);
    this.#hold(room, this.#nodes.get(lease.incarnation));
  }

  /** The holder goes on under a higher epoch, which nobody else has. */
  raise(room: Room, lease: Lease, epoch: number): Lease {
    const holder = this.#nodes.get(lease.incarnation);
    if (holder) count(holder, room, -1);
    room.lease = { ...lease, epoch };
    room.lastEpoch = epoch;
    room.isLocal = false;
    if (holder) count(holder, room, 1);
    return room.lease;
  }

  /** The node has named the lease. It holds it, also when it was buried meanwhile. */
  confirm(room: Room, node: KnownNode, peers: number): void {
    if (!(room.isConfirmed && node.held.has(room))) {
      node.claims.delete(room.roomId);
      room.isConfirmed = true;
      this.#hold(room, node);
    }
    room.peers = peers;
  }

  end(room: Room, nowMs: number): void {
    this.#leave(room);
    Object.assign(room, { lease: null, decision: null, isConfirmed: false, isLocal: false, peers: 0 });
    this.#orphans.remove(room);
    this.#rooms.keepOrDrop(room, nowMs);
  }

  /** A node that is cut off serves no room that others should not take. */
  #hold(room: Room, node: KnownNode | undefined): void {
    if (!node) return;
    node.held.add(room);
    node.leases.set(room.roomId, leaseSlotOf(room.roomId));
    if (room.isConfirmed) count(node, room, 1);
    else node.claims.set(room.roomId, room.claimedAtMs);
    if (node.wasCutOff) this.#orphans.add(room);
    else this.#orphans.remove(room);
  }

  #leave(room: Room): void {
    const holder = room.lease ? this.#nodes.get(room.lease.incarnation) : undefined;
    holder?.leases.delete(room.roomId);
    if (!holder?.held.has(room)) return;
    count(holder, room, -1);
    holder.held.delete(room);
    holder.claims.delete(room.roomId);
    this.#reservations.dropRoom(holder, room.roomId);
  }
}

/** Counts the room in or out of what its holder and the registry compare: only what is held and confirmed. */
function count({ digest, buckets, held }: KnownNode, room: Room, sign: 1 | -1): void {
  if (!room.lease || !room.isConfirmed || !held.has(room)) return;
  const slot = leaseSlotOf(room.roomId);
  const ofSlot = buckets.get(slot) ?? { count: 0, epochSum: 0 };
  buckets.set(slot, ofSlot);
  for (const sum of [digest, ofSlot]) {
    sum.count += sign;
    sum.epochSum += sign * (room.lease.epoch % EPOCH_MODULUS);
  }
}
