import {
  FairleadError,
  type Heartbeat,
  type Lease,
  type NodeStatus,
  type PlacementDecision,
  type RoomRecord,
  randomId,
} from "@fairlead/protocol";
import { chooseCore } from "../placement/choose-core.ts";
import { explainChoice, explainLiveLease } from "../placement/explain-choice.ts";
import { DEFAULT_POLICY, type PlacementPolicy } from "../placement/placement-policy.ts";
import { compareText } from "../placement/rank-node.ts";
import type { HeartbeatReply, Page, Placement, PlaceRequest, Registry, RoomPatch } from "../registry.ts";
import { Leases } from "./leases.ts";
import { NodeTable } from "./node-table.ts";
import { toNodeStatus, toPlacementNode } from "./node-view.ts";
import { handOutOrphans } from "./orphans.ts";
import { Reservations } from "./reservations.ts";
import { patchRoom, refuseBanned, toRoomRecord } from "./room-record.ts";
import { type Room, RoomTable } from "./room-table.ts";

export type { PlacementPolicy } from "../placement/placement-policy.ts";

const PAGE_LIMIT = 100;

export type MemoryRegistryOptions = {
  /** Milliseconds since 1970. */
  now?: () => number;
  random?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;
  policy?: Partial<PlacementPolicy>;
};

/**
 * The index of a one-process cluster. Each call is one turn of the event loop, hence atomic.
 *
 * It never answers `registry_cold`: it begins with the process, so no room is older than it.
 */
export function createMemoryRegistry(options: MemoryRegistryOptions = {}): Registry {
  return new MemoryRegistry(options);
}

class MemoryRegistry implements Registry {
  readonly #now: () => number;
  readonly #random: MemoryRegistryOptions["random"];
  readonly #policy: PlacementPolicy;
  readonly #rooms = new RoomTable();
  readonly #nodes: NodeTable;
  readonly #reservations: Reservations;
  readonly #leases: Leases;
  #isClosed = false;

  constructor({ now = Date.now, random, policy }: MemoryRegistryOptions) {
    this.#now = now;
    this.#random = random;
    this.#policy = { ...DEFAULT_POLICY, ...policy };
    this.#nodes = new NodeTable(this.#policy);
    this.#reservations = new Reservations(this.#policy);
    this.#leases = new Leases(this.#rooms, this.#nodes, this.#reservations);
  }

  async place(request: PlaceRequest): Promise<Placement> {
    const nowMs = this.#begin();
    const room = this.#rooms.get(request.roomId);
    if (room) refuseBanned(room, request.peer);
    const standing = room ? this.#leases.standing(room, request, nowMs) : null;
    if (room && standing) return this.#admit(request, room, standing, explainLiveLease(nowMs), nowMs);
    return this.#placeAnew(request, nowMs);
  }

  async heartbeat(beat: Heartbeat): Promise<HeartbeatReply> {
    const nowMs = this.#begin();
    this.#nodes.dropDead(nowMs);
    this.#nodes.renew(beat, nowMs);
    this.#reservations.settle(beat.incarnation, beat.settledDebits);
    const lost = this.#leases.confirm(beat, nowMs);
    this.#leases.lapseUnconfirmed(beat.incarnation, nowMs);
    return { lost, orphans: handOutOrphans(beat, this.#rooms, this.#nodes, nowMs) };
  }

  async release({ roomId, incarnation, epoch }: Lease): Promise<void> {
    const nowMs = this.#begin();
    const room = this.#rooms.get(roomId);
    if (room?.lease?.incarnation === incarnation && room.lease.epoch === epoch) this.#leases.end(room, nowMs);
  }

  async removeNode(incarnation: string): Promise<void> {
    this.#begin();
    this.#nodes.remove(incarnation);
  }

  async describeRoom(roomId: string): Promise<RoomRecord | null> {
    const nowMs = this.#begin();
    const room = this.#rooms.get(roomId);
    return room ? this.#toRecord(room, nowMs) : null;
  }

  async listRooms({ limit, cursor }: { limit: number; cursor?: string }): Promise<Page<RoomRecord>> {
    const nowMs = this.#begin();
    const size = Math.min(Math.max(limit, 1), PAGE_LIMIT);
    const rooms = this.#rooms.page(size + 1, cursor);
    const items = rooms.slice(0, size).map((room) => this.#toRecord(room, nowMs));
    return rooms.length > size ? { items, cursor: items.at(-1)?.roomId } : { items };
  }

  async updateRoom(roomId: string, patch: RoomPatch): Promise<RoomRecord> {
    const nowMs = this.#begin();
    const room = this.#rooms.obtain(roomId, nowMs);
    patchRoom(room, patch);
    return this.#toRecord(room, nowMs);
  }

  async listNodes(): Promise<NodeStatus[]> {
    const nowMs = this.#begin();
    const debitOf = this.#reservations.at(nowMs);
    return this.#nodes
      .living(nowMs)
      .map((node) => toNodeStatus(node, debitOf))
      .sort((a, b) => compareText(a.nodeId, b.nodeId) || compareText(a.incarnation, b.incarnation));
  }

  async ping(): Promise<void> {
    this.#begin();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  /** @returns The time of this call, which is one for all that it does. */
  #begin(): number {
    if (this.#isClosed) throw new FairleadError("registry_unreachable", { message: "closed" });
    const nowMs = this.#now();
    this.#reservations.expire(nowMs);
    return nowMs;
  }

  /** Changes nothing when there is no capacity: whoever holds the room keeps it until another can. */
  #placeAnew(request: PlaceRequest, nowMs: number): Placement {
    const debitOf = this.#reservations.at(nowMs);
    const nodes = this.#nodes.living(nowMs).map((node) => toPlacementNode(node, debitOf));
    const choice = chooseCore(nodes, request, this.#policy, nowMs);
    if (choice.state === "no_capacity")
      throw new FairleadError("no_capacity", { retryAfterMs: choice.retryAfterMs });
    const decision = explainChoice(choice.ranked, nowMs);
    const room = this.#rooms.obtain(request.roomId, nowMs, request.options);
    const lease = this.#leases.claim(room, choice.core, decision, nowMs);
    return this.#admit(request, room, lease, decision, nowMs);
  }

  #admit(
    request: PlaceRequest,
    room: Room,
    lease: Lease,
    decision: PlacementDecision,
    nowMs: number,
  ): Placement {
    const debitId = randomId(this.#random);
    if (request.peer) this.#reservations.addPeer(debitId, lease, nowMs);
    const { options, mutes } = room;
    const isNew = decision.reason === "least_loaded";
    return structuredClone({ lease, isNew, debitId, room: { options, mutes }, decision });
  }

  #toRecord(room: Room, nowMs: number): RoomRecord {
    return toRoomRecord(room, this.#leases.live(room, nowMs) !== null);
  }
}
