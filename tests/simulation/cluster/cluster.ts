import { roomLoadPpm } from "./room-load.ts";

/** Its core is an index over the whole cluster: node × cores per node + core. null while nobody serves it. */
export type SimulatedRoom = { readonly roomId: string; peers: number; core: number | null };

export type ClusterSize = { nodes: number; coresPerNode: number };

/** The truth about the simulated cluster, whoever knows it: rooms, their places, and their load. */
export class Cluster {
  readonly nodes: number;
  readonly coresPerNode: number;
  /** Load of each core, ppm: its base load and its rooms'. It may pass 1,000,000: what a core would need. */
  readonly loadPpm: Float64Array;
  readonly #rooms = new Map<string, SimulatedRoom>();
  readonly #byCore: Set<SimulatedRoom>[];
  readonly #base: Float64Array;
  readonly #isUp: boolean[];

  /** @param base Load of each core that no simulated room makes, ppm. */
  constructor({ nodes, coresPerNode }: ClusterSize, base: Float64Array) {
    this.nodes = nodes;
    this.coresPerNode = coresPerNode;
    this.#base = base;
    this.loadPpm = base.slice();
    this.#byCore = Array.from(base, () => new Set());
    this.#isUp = Array.from({ length: nodes }, () => true);
  }

  get rooms(): ReadonlyMap<string, SimulatedRoom> {
    return this.#rooms;
  }

  isUp(node: number): boolean {
    return this.#isUp[node] ?? false;
  }

  /** Its node is up. */
  isServed(core: number): boolean {
    return this.isUp(this.nodeOf(core));
  }

  nodeOf(core: number): number {
    return Math.floor(core / this.coresPerNode);
  }

  /** @returns Indices of a node's cores, from the first up to but not including the second. */
  coresOf(node: number): [from: number, to: number] {
    return [node * this.coresPerNode, (node + 1) * this.coresPerNode];
  }

  roomsOn(core: number): ReadonlySet<SimulatedRoom> {
    return this.#byCore[core] ?? new Set();
  }

  open(roomId: string): SimulatedRoom {
    const room: SimulatedRoom = { roomId, peers: 0, core: null };
    this.#rooms.set(roomId, room);
    return room;
  }

  setPeers(room: SimulatedRoom, peers: number): void {
    this.#addLoad(room.core, roomLoadPpm(peers) - roomLoadPpm(room.peers));
    room.peers = peers;
  }

  /** @param core null: nobody serves the room. */
  move(room: SimulatedRoom, core: number | null): void {
    if (room.core === core) return;
    if (room.core !== null) this.#byCore[room.core]?.delete(room);
    this.#addLoad(room.core, -roomLoadPpm(room.peers));
    room.core = core;
    this.#addLoad(core, roomLoadPpm(room.peers));
    if (core !== null) this.#byCore[core]?.add(room);
  }

  end(room: SimulatedRoom): void {
    this.move(room, null);
    this.#rooms.delete(room.roomId);
  }

  /** @returns The rooms that nobody serves now. */
  stopNode(node: number): SimulatedRoom[] {
    const [from, to] = this.coresOf(node);
    const rooms = this.#byCore.slice(from, to).flatMap((onCore) => [...onCore]);
    for (const room of rooms) this.move(room, null);
    this.loadPpm.fill(0, from, to);
    this.#isUp[node] = false;
    return rooms;
  }

  /** It comes back idle: what made its base load has gone elsewhere for good. */
  startNode(node: number): void {
    const [from, to] = this.coresOf(node);
    this.#base.fill(0, from, to);
    this.#isUp[node] = true;
  }

  baseOf(core: number): number {
    return this.#base[core] ?? 0;
  }

  #addLoad(core: number | null, ppm: number): void {
    if (core !== null) this.loadPpm[core] = (this.loadPpm[core] ?? 0) + ppm;
  }
}
