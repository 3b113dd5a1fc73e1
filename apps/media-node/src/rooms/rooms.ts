import {
  type CodecPolicy,
  type ErrorCode,
  FairleadError,
  type IceServer,
  type Lease,
  mediaCodecs,
} from "@fairlead/protocol";
import type { Registry, RoomPatch } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import type { types } from "mediasoup";
import { whileAlive } from "../room/call-mediasoup.ts";
import type { PipeReach } from "../room/pipe-end.ts";
import { LINGER_MS } from "../room/reseat.ts";
import { Room } from "../room/room.ts";
import type { RoomDeps, RoomSettings } from "../room/room-deps.ts";
import { Seat, type SeatOwner } from "../room/seat.ts";
import type { SpentBudgets } from "../room/spent-budgets.ts";
import type { TurnUser } from "../turn/ice-servers.ts";
import type { Core } from "../worker/core.ts";
import type { RunningWorker } from "../worker/start-worker.ts";
import { BansAhead } from "./bans-ahead.ts";
import { LingeringRooms } from "./lingering-rooms.ts";

export type RoomsOptions = {
  incarnation: string;
  cores: readonly Core[];
  registry: Registry;
  codecPolicy: CodecPolicy;
  bus: RoomDeps["bus"];
  log: Logger;
  metrics: RoomDeps["metrics"];
  now: () => number;
  /** Writes a moderation act into the record of a room. */
  record: (roomId: string, patch: RoomPatch) => Promise<void>;
  iceServersFor: (user: TurnUser) => IceServer[];
  budgets: SpentBudgets;
  pipeReach: PipeReach;
};

export type RoomsWatcher = {
  /** Before a room is opened. @throws {FairleadError} It may not be opened; its lease is then given back. */
  beforeOpening?: () => Promise<void>;
  /** Before a peer is in it. */
  onOpened?: (room: Room, settings: RoomSettings) => void;
  /** The room is not served here any more, or not on this core: its peers join anew at its next place. */
  onMoved?: (roomId: string) => void;
  /** The room is not served here any more, for whatever reason. */
  onClosed?: (room: Room) => void;
};

export const CORE_SATURATED = { message: "the core is saturated" };
/** Longer than a join with an old lease can take to arrive, and longer than a relocation takes. */
const GIVEN_UP_KEPT_MS = 60_000;

/** The rooms that this node serves, by room id; the one place that opens and closes them. */
export class Rooms {
  readonly #options: RoomsOptions;
  readonly #rooms = new Map<string, Room>();
  /** Rooms that are being opened, so that simultaneous joins share one. */
  readonly #opening = new Map<string, Promise<Room>>();
  /** Leases that this node gave up, by room: a join that still arrives with one must not open the room here again. */
  readonly #givenUp = new Map<string, { epoch: number; atMs: number }>();
  readonly #watchers: RoomsWatcher[] = [];
  readonly bansAhead: BansAhead;
  /** Former places of rooms that are served elsewhere. They count for nothing here. */
  readonly lingering: LingeringRooms;

  constructor(options: RoomsOptions) {
    this.#options = options;
    this.lingering = new LingeringRooms(options);
    this.bansAhead = new BansAhead(options.now);
  }

  watch(watcher: RoomsWatcher): void {
    this.#watchers.push(watcher);
  }

  all(): Room[] {
    return [...this.#rooms.values()];
  }

  /** Rooms that are being opened count too. */
  get count(): number {
    return this.#rooms.size + this.#opening.size;
  }

  onCore(core: number): Room[] {
    return this.all().filter((room) => room.lease.core === core);
  }

  /** Those with a seat there. */
  seatedOn(core: number): Room[] {
    return this.all().filter((room) => room.span.seats.some((seat) => seat.core === core));
  }

  roomIfHere(roomId: string): Room | undefined {
    return this.#rooms.get(roomId);
  }

  /** Whether this very room is still served here: not closed, given up, or opened anew. */
  isHere(room: Room): boolean {
    return this.#rooms.get(room.roomId) === room;
  }

  isOpening(roomId: string): boolean {
    return this.#opening.has(roomId);
  }

  /**
   * @param epoch The epoch that the caller knows. One above the room's is allowed: this node has not heard of it yet.
   * @throws {FairleadError} `room_not_found`; `lease_lost` when the caller knows a lower epoch.
   */
  room(roomId: string, epoch: number): Room {
    const room = this.#rooms.get(roomId);
    if (!room) throw new FairleadError("room_not_found");
    if (room.lease.epoch > epoch) throw new FairleadError("lease_lost");
    return room;
  }

  /** The highest epoch that the room is known to have had here; 0 for none. */
  lastEpochOf(roomId: string): number {
    return Math.max(this.#rooms.get(roomId)?.lease.epoch ?? 0, this.#givenUp.get(roomId)?.epoch ?? 0);
  }

  /**
   * The room of that lease; it is opened if it is not here. A room that is here under a lower epoch goes on under this one.
   * @throws {FairleadError} `lease_lost`, `core_full`, `node_draining`.
   */
  async open(settings: RoomSettings): Promise<Room> {
    const { lease } = settings;
    const opening = this.#opening.get(lease.roomId);
    if (opening) await opening.catch(() => {});
    this.#assertMine(lease);
    const room = this.#rooms.get(lease.roomId);
    if (room && room.lease.epoch > lease.epoch) throw new FairleadError("lease_lost");
    // Under the same epoch it has had another core: the worker of its home died, and the registry has not heard yet.
    const isPlaced = room && (room.lease.core === lease.core || room.lease.epoch === lease.epoch);
    if (isPlaced && !room.isClosed) {
      room.renew(lease);
      return room;
    }
    if (this.#opening.has(lease.roomId)) return this.open(settings);
    if (room?.isClosed) this.abandon(room);
    else if (room && settings.overlapMs) this.linger(room);
    else if (room) this.yieldTo(room, lease);
    const fresh = this.#openFresh(settings).finally(() => this.#opening.delete(lease.roomId));
    this.#opening.set(lease.roomId, fresh);
    return fresh;
  }

  /** Closes a room for everybody and gives its lease back. */
  close(room: Room, message: string, code: ErrorCode = "room_closed"): void {
    this.#forget(room);
    room.close(code, message);
    this.#options.log.info("room.closed", { roomId: room.roomId, message });
    this.release(room.lease);
  }

  /** The node stops: its peers join anew, at another node if there is one. */
  stop(room: Room): void {
    this.#forget(room);
    room.close("session_gone", "the node stops");
  }

  /** Drops a room that died with its worker, or whose peers have been told that it moved; nothing is sent to them. */
  abandon(room: Room): void {
    this.#forget(room);
    this.#tellMoved(room);
    room.abandon();
    this.#options.log.info("room.abandoned", { roomId: room.roomId, epoch: room.lease.epoch });
  }

  /** The room is served elsewhere, and its peers have been told: its media goes on here until they are there. */
  linger(room: Room): void {
    this.#forget(room);
    this.#tellMoved(room);
    this.lingering.add(room);
  }

  /**
   * Gives up a room that another node serves. The peers that are still here are told so on their own subjects: on the room's control
   * subject it would disturb those that are at the new place already.
   */
  yieldTo(room: Room, lease: Lease): void {
    for (const { session } of room.members())
      session.end("session_gone", "the room is served elsewhere", LINGER_MS);
    this.linger(room);
    const { roomId, nodeId, epoch } = lease;
    this.#options.log.warn("room.yielded", { roomId, epoch: room.lease.epoch, to: nodeId, toEpoch: epoch });
  }

  /** Gives back a lease that this node does not use; no room is opened with it any more. */
  release(lease: Lease): void {
    this.#noteGivenUp(lease);
    void this.#options.registry
      .release(lease)
      .catch((error) => this.#options.log.warn("lease.release_failed", { roomId: lease.roomId, error }));
  }

  /** Forgets leases that no join can bring any more, bans of rooms that were not opened here, and budgets that are whole. */
  prune(): void {
    this.bansAhead.prune();
    this.#options.budgets.prune();
    const nowMs = this.#options.now();
    for (const [roomId, { atMs }] of this.#givenUp)
      if (nowMs - atMs > GIVEN_UP_KEPT_MS) this.#givenUp.delete(roomId);
  }

  async #openFresh(settings: RoomSettings): Promise<Room> {
    const { lease } = settings;
    const running = await this.#runningWorker(lease);
    const { roomId, core } = lease;
    const room = new Room(settings, await this.#openSeat(running, { core, roomId }), this.#roomDeps(roomId));
    for (const identity of this.bansAhead.of(settings)) room.bans.expect(identity);
    this.#rooms.set(lease.roomId, room);
    for (const { onOpened } of this.#watchers) onOpened?.(room, settings);
    this.#options.log.info("room.opened", { roomId: lease.roomId, core: lease.core, epoch: lease.epoch });
    return room;
  }

  /** @throws {FairleadError} `lease_lost` if the worker died meanwhile. */
  #openSeat(running: RunningWorker, owner: SeatOwner): Promise<Seat> {
    const codecs = mediaCodecs(this.#options.codecPolicy) as types.RouterRtpCodecCapability[];
    return whileAlive(running.worker, () => Seat.open(running, codecs, owner));
  }

  /** @throws {FairleadError} Why the room can't be opened there; its lease is given back. */
  async #runningWorker(lease: Lease): Promise<RunningWorker> {
    try {
      for (const { beforeOpening } of this.#watchers) await beforeOpening?.();
      const core = this.#options.cores[lease.core];
      if (!core?.running) throw new FairleadError("lease_lost", { message: "the core's worker is away" });
      if (core.isFull) throw new FairleadError("core_full", CORE_SATURATED);
      return core.running;
    } catch (error) {
      this.release(lease);
      throw error;
    }
  }

  #assertMine({ incarnation, roomId, epoch }: Lease): void {
    const givenUp = this.#givenUp.get(roomId);
    const isMine = incarnation === this.#options.incarnation && !(givenUp && epoch <= givenUp.epoch);
    if (!isMine) throw new FairleadError("lease_lost");
  }

  #roomDeps(roomId: string): RoomDeps {
    const { bus, log, metrics, now, cores, record, iceServersFor, budgets, pipeReach } = this.#options;
    return {
      bus,
      log,
      metrics,
      now,
      record: (patch) => record(roomId, patch),
      iceServersFor: (identity) => iceServersFor({ roomId, identity }),
      budgetOf: (identity, name) => budgets.of(roomId, identity, name),
      forgetSpent: (identity) => budgets.forgetIdentity(roomId, identity),
      pipeReach,
      openSeat: async (core) => {
        const running = cores[core]?.running;
        if (!running) throw new FairleadError("lease_lost", { message: "the core's worker is away" });
        return this.#openSeat(running, { core, roomId });
      },
    };
  }

  #forget(room: Room): void {
    this.#noteGivenUp(room.lease);
    if (this.isHere(room)) this.#rooms.delete(room.roomId);
    for (const { onClosed } of this.#watchers) onClosed?.(room);
  }

  #tellMoved({ roomId }: Room): void {
    this.#options.budgets.forget(roomId);
    for (const { onMoved } of this.#watchers) onMoved?.(roomId);
  }

  #noteGivenUp({ roomId, epoch }: Lease): void {
    const known = this.#givenUp.get(roomId)?.epoch ?? 0;
    this.#givenUp.set(roomId, { epoch: Math.max(known, epoch), atMs: this.#options.now() });
  }
}
