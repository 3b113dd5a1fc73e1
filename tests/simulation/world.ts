import type { Cluster, SimulatedRoom } from "./cluster/cluster.ts";
import type { LoadHistory } from "./cluster/load-history.ts";
import type { Strategy } from "./strategies/strategy.ts";
import type { Workload, WorkloadEvent } from "./workload/workload.ts";

/** The finest step of the simulated clock, ms; nodes beat in turn, spread over the ticks of a beat. */
const TICK_MS = 100;

export type WorldOptions = {
  cluster: Cluster;
  history: LoadHistory;
  strategy: Strategy;
  workload: Workload;
  /** The registry's clock, which the world sets. */
  clock: { nowMs: number };
  /** A multiple of 100. */
  beatMs: number;
};

/** After this a client tries again whose room was given to a node that had died, ms. */
const RETRY_MS = 1_000;

/** Results of the workload so far. */
export type Outcome = {
  joins: number;
  /** Joins that would have opened a room, but no core took it. The room's later joins try again. */
  refused: number;
  /** The same, but the core's node had died, and nobody knew it yet. They are tried again. */
  missed: number;
  /** Rooms that a node's death took down, those that a core took again, and how long each was down. */
  orphaned: number;
  replaced: number;
  downMs: number[];
};

/** One cluster under one strategy: time goes on, nodes beat, peers come and go, nodes die. */
export class World {
  readonly #options: WorldOptions;
  readonly #startMs: number;
  readonly #ticksPerBeat: number;
  readonly #downSinceMs = new Map<string, number>();
  /** Joins that missed, in order of time. */
  readonly #retries: { roomId: string; atMs: number }[] = [];
  readonly outcome: Outcome = { joins: 0, refused: 0, missed: 0, orphaned: 0, replaced: 0, downMs: [] };
  #tick: number;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#startMs = options.clock.nowMs;
    this.#ticksPerBeat = Math.round(options.beatMs / TICK_MS);
    // Each node has beaten once before anything happens.
    this.#tick = -this.#ticksPerBeat;
  }

  /** @param untilMs Since the workload's begin. */
  async run(untilMs: number): Promise<void> {
    for (; this.#tick * TICK_MS < untilMs; this.#tick += 1) {
      const fromMs = this.#tick * TICK_MS;
      this.#setTime(fromMs);
      await this.#beatDue();
      if (fromMs < 0) continue;
      await this.#retryDue(fromMs);
      for (const event of this.#options.workload.take(fromMs, Math.min(fromMs + TICK_MS, untilMs))) {
        this.#setTime(event.atMs);
        await this.#apply(event);
      }
    }
  }

  #setTime(sinceStartMs: number): void {
    this.#options.clock.nowMs = this.#startMs + sinceStartMs;
  }

  async #beatDue(): Promise<void> {
    const { cluster, history } = this.#options;
    const turn = (this.#tick + this.#ticksPerBeat) % this.#ticksPerBeat;
    if (turn === 0) history.begin();
    for (let node = turn; node < cluster.nodes; node += this.#ticksPerBeat)
      if (cluster.isUp(node)) await this.#beat(node);
  }

  async #beat(node: number): Promise<void> {
    const { cluster, history, strategy } = this.#options;
    const cores = cluster.coresOf(node);
    history.sample(cluster.loadPpm, cores);
    for (const roomId of await strategy.hear({ node, loadsPpm: history.advertised(cores) })) {
      const room = cluster.rooms.get(roomId);
      if (room?.core === null) this.#serve(room, await strategy.replace(room));
    }
  }

  async #apply(event: WorkloadEvent): Promise<void> {
    if (event.kind === "join") await this.#join(event.roomId);
    else if (event.kind === "leave") await this.#leave(event.roomId);
    else if (event.kind === "end") await this.#end(event.roomId);
    else if (event.kind === "death") this.#stopNode(event.node);
    else this.#startNode(event.node);
  }

  async #retryDue(nowMs: number): Promise<void> {
    while ((this.#retries[0]?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
      const retry = this.#retries.shift();
      if (retry) await this.#join(retry.roomId);
    }
  }

  async #join(roomId: string): Promise<void> {
    const { cluster, strategy } = this.#options;
    const room = cluster.rooms.get(roomId) ?? cluster.open(roomId);
    const core = await strategy.join(room);
    if (room.peers === 0 && (core === null || !cluster.isServed(core))) this.#turnAway(room, core);
    else {
      this.outcome.joins += 1;
      this.#serve(room, core);
      cluster.setPeers(room, room.peers + 1);
      strategy.peersChanged?.(room);
    }
  }

  /** The room was never open. */
  #turnAway(room: SimulatedRoom, core: number | null): void {
    const { cluster, clock } = this.#options;
    cluster.end(room);
    if (core === null) {
      this.outcome.refused += 1;
      return;
    }
    this.outcome.missed += 1;
    this.#retries.push({ roomId: room.roomId, atMs: clock.nowMs - this.#startMs + RETRY_MS });
  }

  /** Of rooms that were refused there is nobody to leave. */
  async #leave(roomId: string): Promise<void> {
    const { cluster, strategy } = this.#options;
    const room = cluster.rooms.get(roomId);
    if (!room) return;
    if (room.peers === 1) return this.#end(roomId);
    cluster.setPeers(room, room.peers - 1);
    strategy.peersChanged?.(room);
  }

  async #end(roomId: string): Promise<void> {
    const { cluster, strategy } = this.#options;
    const room = cluster.rooms.get(roomId);
    if (!room) return;
    await strategy.end?.(room);
    cluster.end(room);
    this.#downSinceMs.delete(roomId);
  }

  #serve(room: SimulatedRoom, core: number | null): void {
    const { cluster, clock } = this.#options;
    if (core === null || !cluster.isServed(core)) return;
    cluster.move(room, core);
    const downSinceMs = this.#downSinceMs.get(room.roomId);
    if (downSinceMs === undefined) return;
    this.#downSinceMs.delete(room.roomId);
    this.outcome.replaced += 1;
    this.outcome.downMs.push(clock.nowMs - downSinceMs);
  }

  #stopNode(node: number): void {
    const { cluster, strategy, clock } = this.#options;
    if (!cluster.isUp(node)) return;
    const rooms = cluster.stopNode(node);
    for (const { roomId } of rooms) this.#downSinceMs.set(roomId, clock.nowMs);
    this.outcome.orphaned += rooms.length;
    strategy.nodeDied(node, rooms);
  }

  #startNode(node: number): void {
    const { cluster, history, strategy } = this.#options;
    if (cluster.isUp(node)) return;
    cluster.startNode(node);
    history.clear(cluster.coresOf(node));
    strategy.nodeStarted(node);
  }
}
