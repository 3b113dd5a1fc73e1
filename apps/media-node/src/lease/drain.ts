import { callSubject } from "@fairlead/bus";
import { FairleadError, type Lease, type NodeState, subjects } from "@fairlead/protocol";
import type { Room } from "../room/room.ts";
import { pauseAfterMs } from "./drain-pace.ts";
import { type MoveDeps, moveRoom } from "./move-room.ts";
import type { Readiness } from "./readiness.ts";
import { TargetPace } from "./target-pace.ts";
import { ROOMS_AT_ONCE } from "./turns.ts";

export type DrainOptions = MoveDeps & {
  /** How many this node has. */
  cores: number;
  readiness: Readiness;
  /** Sends a heartbeat; resolves when it is answered, or has failed. */
  beat: () => Promise<void>;
  now: () => number;
};

/** By when all rooms should be away, of the time there is: the rest is for those that find no place at once. */
const PACE_SHARE = 0.5;
const TICK_MS = 50;
const PING_TIMEOUT_MS = 400;
/** All waits for busy nodes of one drain together, ms: nodes that answer later than they did for another reason hold no drain up. */
const LONGEST_CALM_WAIT_MS = 20_000;
/** A room that found no place is tried again after this, ms. */
const RETRY_MS = 1_000;
/** While rooms find no place it is told at once, and again after this, ms. */
const TELL_EVERY_MS = 10_000;

export type DrainRequest = { deadlineMs?: number; by?: string | undefined };

type Draining = {
  deadlineMs: number;
  /** By when all rooms should be away. */
  paceUntilMs: number;
  /** So much longer rooms may wait for nodes that are busy. */
  calmWaitMs: number;
};

/**
 * Empties the node: no room is opened here any more, and the rooms that are here are handed to other nodes, one after the other, and no faster
 * than those nodes take the joins that follow.
 */
export class Drain {
  readonly #options: DrainOptions;
  #current: Draining | null = null;
  /** Rooms that found no place: when to try again, and the lease to give up, as the registry knows it. */
  readonly #retries = new Map<Room, { atMs: number; epoch: number }>();
  readonly #underWay = new Set<Room>();
  readonly #targets: TargetPace;
  #toldNoPlaceMs = Number.NEGATIVE_INFINITY;

  constructor(options: DrainOptions) {
    this.#options = options;
    const { bus } = options;
    const ping = (incarnation: string) =>
      callSubject(bus, subjects.nodePing(incarnation), "node.ping", {}, { timeoutMs: PING_TIMEOUT_MS });
    this.#targets = new TargetPace({ ping, elapsed: () => performance.now() });
  }

  get state(): NodeState {
    return this.#options.readiness.state;
  }

  /** The name of whoever asked for the drain, if it was said. */
  get by(): string | undefined {
    return this.#options.readiness.drain?.by;
  }

  /** The drain ends at its deadline even if rooms are left: the process ends then. */
  get hasDeadline(): boolean {
    return this.#current !== null && Number.isFinite(this.#current.deadlineMs);
  }

  /**
   * A second call sets another deadline.
   * @param deadlineMs Milliseconds from now; default: none, the node stays as it is until `undrain`.
   * @param by The name of whoever asks, if it is said.
   * @returns Resolves when no room is left, at the deadline, or when another call of `drain` or `undrain` takes its place.
   */
  drain({ deadlineMs = Number.POSITIVE_INFINITY, by }: DrainRequest = {}): Promise<void> {
    const { log, now, beat, rooms, readiness } = this.#options;
    log.info("node.draining", { rooms: rooms.count, deadlineMs, by });
    const draining: Draining = {
      deadlineMs: now() + deadlineMs,
      paceUntilMs: now() + PACE_SHARE * deadlineMs,
      calmWaitMs: LONGEST_CALM_WAIT_MS,
    };
    this.#toldNoPlaceMs = Number.NEGATIVE_INFINITY;
    this.#current = draining;
    return this.#handAllOver(draining, readiness.end(beat, by));
  }

  /** New rooms are taken again; those that are on their way elsewhere go on. */
  undrain(): void {
    if (!this.#current) return;
    const { readiness, log, beat } = this.#options;
    this.#current = null;
    readiness.begin();
    log.info("node.undrained");
    void beat();
  }

  /** The node closes: no room is handed over from now on. */
  stop(): void {
    this.#current = { deadlineMs: 0, paceUntilMs: 0, calmWaitMs: 0 };
    void this.#options.readiness.end(() => Promise.resolve());
  }

  async #handAllOver(draining: Draining, announced: Promise<void>): Promise<void> {
    const { now, rooms, log, metrics } = this.#options;
    const beganMs = now();
    // Until the registry knows, it may place a room back here.
    await announced;
    let dueMs = now();
    const isBusy = () => rooms.count + rooms.lingering.count > 0 && now() < draining.deadlineMs;
    while (this.#current === draining && isBusy()) {
      for (const room of this.#waiting()) {
        if (now() < dueMs || this.#underWay.size >= ROOMS_AT_ONCE) break;
        if (this.#waitsForCalm(draining)) break;
        const pauseMs = this.#pauseMs(room, draining);
        void this.#handOver(room, pauseMs);
        dueMs = Math.max(dueMs, now() - TICK_MS) + pauseMs;
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    this.#retries.clear();
    const isOurs = this.#current === draining;
    if (isOurs) log.info("node.drained", { roomsLeft: rooms.count });
    const outcome = rooms.count === 0 ? "emptied" : isOurs ? "rooms_left" : "taken_back";
    metrics.observe("node.drain", now() - beganMs, outcome);
  }

  /** Called each tick that a room is due. */
  #waitsForCalm(draining: Draining): boolean {
    const waits =
      !this.#targets.isCalm && this.#options.now() < draining.paceUntilMs && draining.calmWaitMs > 0;
    if (waits) draining.calmWaitMs -= TICK_MS;
    return waits;
  }

  #waiting(): Room[] {
    const nowMs = this.#options.now();
    for (const room of this.#retries.keys())
      if (!this.#options.rooms.isHere(room)) this.#retries.delete(room);
    // The rooms' peers could not be told.
    if (!this.#options.bus.isConnected) return [];
    const waits = (room: Room) => !this.#underWay.has(room) && (this.#retries.get(room)?.atMs ?? 0) <= nowMs;
    // Encoders and players of somebody else's come back by themselves, but not at once: their rooms go last, when the next place has least to do.
    return this.#options.rooms
      .all()
      .filter(waits)
      .sort((a, b) => a.cutByMove - b.cutByMove);
  }

  /** After that room, whose peers come to other nodes all together. */
  #pauseMs(room: Room, { paceUntilMs }: Draining): number {
    const { now, rooms } = this.#options;
    const left = rooms.all().filter((other) => !this.#underWay.has(other));
    const peers = left.map((other) => other.present);
    return pauseAfterMs(room.present, peers, paceUntilMs - now());
  }

  /** Never rejects. */
  async #handOver(room: Room, joinsMs: number): Promise<void> {
    const { log } = this.#options;
    this.#underWay.add(room);
    try {
      const lease = await this.#placeElsewhere(room);
      if (lease.incarnation === this.#options.incarnation) this.#retry(room, lease.epoch);
      else {
        this.#retries.delete(room);
        void this.#targets.watch(lease.incarnation, joinsMs);
      }
    } catch (error) {
      const { roomId } = room;
      if (!(error instanceof FairleadError)) log.error("room.hand_over_failed", { roomId, error });
      this.#retry(room, this.#epochOf(room));
      if (error instanceof FairleadError) this.#tellNoPlace(roomId, error);
    } finally {
      this.#underWay.delete(room);
    }
  }

  #retry(room: Room, epoch: number): void {
    this.#retries.set(room, { atMs: this.#options.now() + RETRY_MS, epoch });
  }

  /** One line for all rooms, or each would have its own, every second. */
  #tellNoPlace(roomId: string, error: FairleadError): void {
    const { now, log, rooms } = this.#options;
    if (now() - this.#toldNoPlaceMs < TELL_EVERY_MS) return;
    this.#toldNoPlaceMs = now();
    log.warn("drain.no_place", { roomId, rooms: rooms.count, error });
  }

  #epochOf(room: Room): number {
    return Math.max(room.lease.epoch, this.#retries.get(room)?.epoch ?? 0);
  }

  /** @returns This node's lease as before, if the registry did not take it for given up. */
  #placeElsewhere(room: Room): Promise<Lease> {
    const { nodeId, incarnation, cores } = this.#options;
    const exclude = Array.from({ length: cores }, (_, core) => ({ nodeId, incarnation, core }));
    const request = { epoch: this.#epochOf(room), exclude, cause: "drain" } as const;
    return moveRoom(room, request, this.#options);
  }
}
