import {
  type BroadcastState,
  FairleadError,
  type GroupCapacity,
  type Heartbeat,
  type Lease,
  type LiveBeat,
  type LiveStatus,
  type NodeStatus,
  type RoomRecord,
  randomId,
} from "@fairlead/protocol";
import { pageOf, pageSize, startOf } from "../page.ts";
import type {
  HeartbeatReply,
  Holding,
  Page,
  Placement,
  PlaceRequest,
  Registry,
  RoomPatch,
} from "../registry.ts";
import { isBanned } from "../rules/bans/memory.ts";
import { refuseWrite } from "../rules/broadcasts/memory.ts";
import { bury } from "../rules/bury-nodes/memory.ts";
import { groupCapacityOf } from "../rules/capacity/group-capacity.ts";
import { takeHeartbeat } from "../rules/heartbeat/memory.ts";
import { IndexTime } from "../rules/index-time/memory.ts";
import { LiveTable } from "../rules/lives/memory.ts";
import { memberOf } from "../rules/node-pools/memory.ts";
import { placeRoom } from "../rules/place/memory.ts";
import { DEFAULT_POLICY, type PlacementPolicy } from "../rules/policy.ts";
import { RateTable } from "../rules/rates/memory.ts";
import type { Rate, RateStanding } from "../rules/rates/rate.ts";
import { patchRoom, toRoomRecord } from "../rules/room-record/memory.ts";
import type { Room } from "../rules/rooms/memory.ts";
import { toNodeStatus } from "./node-status.ts";
import { learnedPpm, newIndex, type RegistryIndex } from "./registry-index.ts";

export type { PlacementPolicy } from "../rules/policy.ts";

export type MemoryRegistryOptions = {
  /** Milliseconds since 1970. */
  now?: () => number;
  random?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;
  /** `coldMs` is 0 unless given: the index begins with its process, so no room is older than it. */
  policy?: Partial<PlacementPolicy>;
};

/** The index of a one-process cluster, or of a simulated one. Each call is one turn of the event loop, hence atomic. */
export function createMemoryRegistry(options: MemoryRegistryOptions = {}): Registry {
  return new MemoryRegistry(options);
}

class MemoryRegistry implements Registry {
  readonly #now: () => number;
  readonly #random: MemoryRegistryOptions["random"];
  readonly #index: RegistryIndex;
  readonly #rates = new RateTable();
  readonly #roles = new Map<string, Holding>();
  readonly #lives: LiveTable;
  readonly #time: IndexTime;
  /** When it was first asked for anything; null until then. */
  #bornAtMs: number | null = null;
  #isClosed = false;

  constructor({ now = Date.now, random, policy }: MemoryRegistryOptions) {
    this.#now = now;
    this.#random = random;
    this.#index = newIndex({ ...DEFAULT_POLICY, coldMs: 0, ...policy });
    this.#lives = new LiveTable(this.#index.policy);
    this.#time = new IndexTime(this.#index.policy);
  }

  async place(request: PlaceRequest): Promise<Placement> {
    const nowMs = this.#begin();
    const rates = this.#countJoin(request, nowMs);
    const placed = placeRoom(this.#index, request, {
      debitId: randomId(this.#random),
      nowMs,
      ageMs: () => nowMs - this.#bornAt(nowMs),
    });
    return { ...placed, rates };
  }

  /** A banned peer is counted for its address alone: counted for the room, it could keep everybody out. */
  #countJoin({ roomId, peer, rates = [] }: PlaceRequest, nowMs: number): RateStanding[] {
    const room = this.#index.rooms.get(roomId);
    const isKeptOut = room !== undefined && isBanned(room, peer);
    return this.#rates.count(isKeptOut ? rates.filter(({ name }) => name !== "room") : rates, nowMs);
  }

  async count(rates: readonly Rate[]): Promise<RateStanding[]> {
    return this.#rates.count(rates, this.#begin());
  }

  async heartbeat(beat: Heartbeat): Promise<HeartbeatReply> {
    this.#assertOpen();
    const clockMs = this.#now();
    const nowMs = this.#time.atBeat(clockMs, this.#index.nodes.get(beat.incarnation));
    const ageMs = nowMs - this.#bornAt(nowMs);
    const reply = takeHeartbeat(this.#index, beat, { nowMs, clockMs, ageMs });
    const node = this.#index.nodes.get(beat.incarnation);
    if (node) node.ownMs = clockMs;
    return { ...reply, behindMs: nowMs - clockMs };
  }

  async release({ roomId, incarnation, epoch }: Lease): Promise<void> {
    const nowMs = this.#begin();
    const { rooms, leases } = this.#index;
    const room = rooms.get(roomId);
    if (room?.lease?.incarnation === incarnation && room.lease.epoch === epoch) leases.end(room, nowMs);
  }

  async removeNode(incarnation: string): Promise<void> {
    const nowMs = this.#begin();
    const node = this.#index.nodes.get(incarnation);
    if (node) bury(this.#index, node, nowMs);
  }

  async describeRoom(roomId: string): Promise<RoomRecord | null> {
    const nowMs = this.#begin();
    const room = this.#index.rooms.get(roomId);
    return room ? this.#toRecord(room, nowMs) : null;
  }

  async listRooms({ limit, cursor }: { limit: number; cursor?: string }): Promise<Page<RoomRecord>> {
    const nowMs = this.#begin();
    const size = pageSize(limit);
    const rooms = this.#index.rooms.page(size + 1, cursor);
    const { items, ...more } = pageOf(rooms, size, ({ roomId }) => roomId);
    return { items: items.map((room) => this.#toRecord(room, nowMs)), ...more };
  }

  async updateRoom(roomId: string, patch: RoomPatch): Promise<RoomRecord> {
    const nowMs = this.#begin();
    const { rooms, policy } = this.#index;
    if (patch.broadcast) refuseWrite(rooms.get(roomId), patch.broadcast);
    const room = rooms.obtain(roomId, nowMs);
    patchRoom(room, patch, policy);
    rooms.update(room, nowMs);
    return this.#toRecord(room, nowMs);
  }

  async listBroadcasts(options: {
    limit: number;
    cursor?: string;
    state?: BroadcastState;
  }): Promise<Page<RoomRecord>> {
    const nowMs = this.#begin();
    const size = pageSize(options.limit);
    const found = this.#index.rooms.broadcastPage(size + 1, options);
    const { items, ...more } = pageOf(found, size, ({ roomId }) => roomId);
    return { items: items.map((room) => this.#toRecord(room, nowMs)), ...more };
  }

  async listNodes(options: { limit: number; cursor?: string; nodeId?: string }): Promise<Page<NodeStatus>> {
    const nowMs = this.#begin();
    const { nodes } = this.#index;
    const size = pageSize(options.limit);
    const living = [];
    for (const node of nodes.byName(startOf(options))) {
      if (options.nodeId !== undefined && node.nodeId !== options.nodeId) break;
      if (nodes.isAliveByTime(node, nowMs)) living.push(node);
      if (living.length > size) break;
    }
    const { items, ...more } = pageOf(living, size, memberOf);
    return { items: items.map(toNodeStatus), ...more };
  }

  async listGroups(): Promise<GroupCapacity[]> {
    const nowMs = this.#begin();
    const { nodes, groups, policy, costs } = this.#index;
    const ageMs = this.#bornAtMs === null ? null : nowMs - this.#bornAtMs;
    if (ageMs === null || ageMs < policy.coldMs)
      throw new FairleadError("registry_cold", { retryAfterMs: policy.coldMs - (ageMs ?? 0) });
    const found = groups.list((incarnation) => nodes.lives(incarnation, nowMs));
    if (found.length === 0 || !nodes.isHeard(nowMs) || nodes.telling.isUnderWay(ageMs))
      throw new FairleadError("registry_cold", { retryAfterMs: policy.retryWhenSilentMs });
    const moment = { ...nodes.momentAt(nowMs), roomCostPpm: learnedPpm(costs) };
    return found.map((group) => groupCapacityOf(group, moment, policy));
  }

  async holdRole(role: string, holder: string, forMs: number): Promise<Holding> {
    const nowMs = this.#begin();
    const held = this.#roles.get(role);
    if (held && held.holder !== holder && nowMs < held.untilMs) return { ...held };
    const holding = { holder, untilMs: nowMs + forMs };
    this.#roles.set(role, holding);
    return { ...holding };
  }

  async releaseRole(role: string, holder: string): Promise<void> {
    this.#begin();
    if (this.#roles.get(role)?.holder === holder) this.#roles.delete(role);
  }

  async beatLive(beat: LiveBeat): Promise<void> {
    this.#lives.hear(beat, this.#begin());
  }

  async removeLive(run: Pick<LiveBeat, "nodeId" | "incarnation">): Promise<void> {
    this.#begin();
    this.#lives.remove(run);
  }

  async listLives(options: { limit: number; cursor?: string; nodeId?: string }): Promise<Page<LiveStatus>> {
    const nowMs = this.#begin();
    const size = pageSize(options.limit);
    const found = this.#lives.living(nowMs, { after: startOf(options), nodeId: options.nodeId });
    return pageOf(found, size, memberOf);
  }

  async ping(): Promise<void> {
    this.#assertOpen();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  /** @returns The time of this call, which is one for all that it does. */
  #begin(): number {
    this.#assertOpen();
    return this.#time.at(this.#now());
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new FairleadError("registry_unreachable", { message: "closed" });
  }

  #bornAt(nowMs: number): number {
    this.#bornAtMs ??= nowMs;
    return this.#bornAtMs;
  }

  #toRecord(room: Room, nowMs: number): RoomRecord {
    const { leases, nodes } = this.#index;
    const isLive = leases.live(room, nowMs) !== null;
    return toRoomRecord(room, { isLive, aliveAtMs: nodes.lastBeatOf(room.lease?.incarnation, nowMs) });
  }
}
