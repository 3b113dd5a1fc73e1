import type { NodeDriver, NodeInstance } from "@fairlead/autoscaler";
import type { ScaleRegistry } from "@fairlead/autoscaler/autoscaler";
import { FairleadError, type GroupCapacity, type NodeStatus } from "@fairlead/protocol";
import { Groups, groupCapacityOf, type Share } from "@fairlead/registry/capacity";
import { DEFAULT_POLICY } from "@fairlead/registry/placement";
import type { Random } from "../seeded-random.ts";
import { pour } from "./pour.ts";

export type SimulatedGroupOptions = {
  /** How many nodes there are at the beginning, all of them ready. */
  nodes: number;
  coresPerNode: number;
  /** What rooms come to, in cores, so long after the beginning. */
  demandAt: (ms: number) => number;
  random: Random;
  /** From when a node is asked for until it beats. */
  startMs?: number;
  /** So many of those that are asked for never beat, 0..1; half of them stay listed all the same. */
  failShare?: number;
  policy?: Partial<typeof DEFAULT_POLICY>;
};

type SimulatedNode = { loadCores: number; drain: { by?: string; sinceMs: number } | null };
type Instance = NodeInstance & { beatsAtMs: number };

/** What came of it. */
export type GroupOutcome = {
  refusedRooms: number;
  /** Rooms on nodes when these were removed. */
  roomsEnded: number;
  started: number;
  removed: number;
  gaveUp: number;
  /** Starts within 5 min after a removal. */
  flips: number;
  /** Of all instances, and of as many as the same rule wants that knows the load and starts and stops at once. */
  nodeMs: number;
  idealNodeMs: number;
  mostDraining: number;
  /** Most that were asked for at once, of those that were ready, 0..1. */
  largestStep: number;
};

export const GROUP = "default";
const FULL = 0.9;
const ROOM_CORES = 0.012;
const ROOM_PPM = ROOM_CORES * 1_000_000;
/** Rooms last so long on average, and a node's rooms are moved within that. */
const ROOM_MS = 1_800_000;
const MOVE_MS = 40_000;
const FLIP_MS = 300_000;
const BEGIN_MS = 1_000_000_000_000;

/**
 * A group of nodes under a load that is a number, on a simulated clock: rooms are a liquid that fills the emptiest nodes first and runs off by itself.
 * It is registry, driver and API to an autoscaler, with the registry's own sums and rules.
 */
export class SimulatedGroup {
  readonly #options: Required<SimulatedGroupOptions>;
  readonly #policy: typeof DEFAULT_POLICY;
  readonly #nodes = new Map<string, SimulatedNode>();
  readonly #instances = new Map<string, Instance>();
  readonly #groups: Groups;
  readonly #arrivals = new Map<number, number>();
  readonly #refusals = new Map<number, number>();
  #nowMs = 0;
  #count = 0;
  #lastRemovalMs = Number.NEGATIVE_INFINITY;
  /** The registry answers nobody. */
  isAway = false;
  readonly outcome: GroupOutcome = {
    ...{ refusedRooms: 0, roomsEnded: 0, started: 0, removed: 0, gaveUp: 0, flips: 0 },
    ...{ nodeMs: 0, idealNodeMs: 0, mostDraining: 0, largestStep: 0 },
  };

  constructor(options: SimulatedGroupOptions) {
    this.#options = { startMs: 90_000, failShare: 0, policy: {}, ...options };
    this.#policy = { ...DEFAULT_POLICY, ...this.#options.policy };
    this.#groups = new Groups(this.#policy);
    const demand = options.demandAt(0);
    for (let node = 0; node < options.nodes; node += 1) {
      const id = this.#newInstance(0).id;
      this.#nodes.set(id, { loadCores: demand / options.nodes, drain: null });
    }
    this.#tellAll();
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get wallNow(): number {
    return BEGIN_MS + this.#nowMs;
  }

  get ready(): number {
    return this.#ready().length;
  }

  get draining(): string[] {
    return [...this.#nodes].flatMap(([id, { drain }]) => (drain ? [id] : []));
  }

  get ids(): string[] {
    return [...this.#nodes.keys()];
  }

  /** The largest share of a ready node's cores that is taken, 0..1. */
  get fullest(): number {
    return Math.max(...this.#ready().map(({ loadCores }) => loadCores)) / this.#options.coresPerNode;
  }

  readonly registry: ScaleRegistry = {
    listGroups: async () => [this.#capacity()],
    listNodes: async () => {
      this.#assertThere();
      return { items: [...this.#nodes].map(([id, node]) => this.#statusOf(id, node)) };
    },
  };

  readonly driver: NodeDriver = {
    list: async () => [...this.#instances.values()],
    start: async (count) => {
      const { startMs, failShare, random } = this.#options;
      this.outcome.started += count;
      this.outcome.largestStep = Math.max(this.outcome.largestStep, count / Math.max(4, this.ready));
      if (this.#nowMs - this.#lastRemovalMs < FLIP_MS) this.outcome.flips += count;
      for (let one = 0; one < count; one += 1) {
        const luck = random();
        if (luck >= failShare / 2) this.#newInstance(luck < failShare ? Number.POSITIVE_INFINITY : startMs);
      }
    },
    remove: async ({ id }) => {
      const node = this.#nodes.get(id);
      this.outcome.roomsEnded += Math.round((node?.loadCores ?? 0) / ROOM_CORES);
      this.outcome[node ? "removed" : "gaveUp"] += 1;
      if (node) this.#lastRemovalMs = this.#nowMs;
      this.#instances.delete(id);
      this.#end(id);
    },
    close: async () => {},
  };

  readonly api = {
    drain: async (nodeId: string, { by }: { by?: string } = {}) => {
      const node = this.#nodeOf(nodeId);
      node.drain ??= { sinceMs: this.#nowMs, ...(by === undefined ? {} : { by }) };
      const { length } = this.draining;
      this.outcome.mostDraining = Math.max(this.outcome.mostDraining, length);
      return { nodeId, state: "draining" as const, rooms: roomsOf(node), ...namedBy(node) };
    },
    read: async (nodeId: string) => this.#statusOf(nodeId, this.#nodeOf(nodeId)),
    undrain: async (nodeId: string, { by }: { by?: string } = {}) => {
      const node = this.#nodeOf(nodeId);
      if (by === undefined || node.drain?.by === by) node.drain = null;
      return { nodeId, state: "ready" as const, rooms: roomsOf(node), ...namedBy(node) };
    },
  };

  /** A node dies, and the others take its rooms; its instance stays. */
  kill(id: string): void {
    const lost = this.#nodes.get(id)?.loadCores ?? 0;
    this.#end(id);
    this.#pour(lost);
  }

  tick(ms: number): void {
    this.#nowMs += ms;
    for (const [id, { beatsAtMs }] of this.#instances)
      if (beatsAtMs <= this.#nowMs && beatsAtMs > this.#nowMs - ms)
        this.#nodes.set(id, { loadCores: 0, drain: null });
    let moved = 0;
    for (const node of this.#nodes.values()) {
      node.loadCores *= Math.exp(-ms / ROOM_MS);
      if (node.drain) moved += this.#moveOff(node, ms);
    }
    this.#pour(moved);
    const demand = this.#options.demandAt(this.#nowMs);
    const missing = demand - [...this.#nodes.values()].reduce((sum, { loadCores }) => sum + loadCores, 0);
    this.#note(this.#arrivals, Math.max(0, missing));
    const refused = this.#pour(Math.max(0, missing));
    this.#note(this.#refusals, refused);
    this.outcome.refusedRooms += Math.round(refused / ROOM_CORES);
    this.#tellAll();
    this.outcome.nodeMs += this.#instances.size * ms;
    this.outcome.idealNodeMs += this.#idealNodes(demand, Math.max(0, missing) / ms) * ms;
  }

  #moveOff(node: SimulatedNode, ms: number): number {
    const room = this.#ready().reduce((sum, one) => sum + this.#roomOn(one), 0);
    const moved = Math.min(node.loadCores, room, (ms / MOVE_MS) * this.#options.coresPerNode);
    node.loadCores -= moved;
    if (node.loadCores < ROOM_CORES / 2) node.loadCores = 0;
    return moved;
  }

  #pour(cores: number): number {
    return pour(this.#ready(), cores, FULL * this.#options.coresPerNode);
  }

  /** As the registry's rule, without hysteresis. */
  #idealNodes(demand: number, coresPerMs: number): number {
    const { coresPerNode: per } = this.#options;
    const { reserveRooms, nodeStartMs, targetPermille, minNodes } = this.#policy;
    const reserve = Math.max(reserveRooms * ROOM_CORES, coresPerMs * nodeStartMs);
    const byTarget = (demand * 1_000) / targetPermille / per;
    const byDeath = demand / FULL / per + 1;
    return Math.ceil(Math.max(minNodes, byTarget, byDeath, (demand + reserve) / FULL / per));
  }

  #capacity(): GroupCapacity {
    this.#assertThere();
    const [record] = this.#groups.list(() => true);
    if (!record) throw new FairleadError("registry_cold");
    const counted = { ...record, arrivals: this.#arrivals, refusals: this.#refusals };
    const moment = { nowMs: this.wallNow, aliveFloorMs: 0, roomCostPpm: ROOM_PPM };
    return groupCapacityOf(counted, moment, this.#policy);
  }

  #tellAll(): void {
    const at = { nowMs: this.wallNow, roomCostPpm: ROOM_PPM };
    for (const [id, node] of this.#nodes)
      this.#groups.tell(id, this.#shareOf(id, node), { ...at, region: "default", labels: [] });
  }

  #shareOf(id: string, node: SimulatedNode): Share {
    const { coresPerNode: cores } = this.#options;
    const isReady = node.drain === null;
    return {
      ...{ group: GROUP, nodeId: id, nodes: 1, ready: isReady ? 1 : 0, draining: isReady ? 0 : 1 },
      ...{ cores: isReady ? cores : 0, drainingCores: isReady ? 0 : cores },
      demandPpm: Math.round(node.loadCores * 1_000_000),
      slots: isReady ? Math.floor(this.#roomOn(node) / ROOM_CORES) : 0,
      withRooms: roomsOf(node) > 0 ? 1 : 0,
      rooms: roomsOf(node),
      ...{ peers: 3 * roomsOf(node), mostPeers: isReady ? 1_000_000 : 0, onBus: isReady ? 1 : 0 },
    };
  }

  #statusOf(id: string, node: SimulatedNode): NodeStatus {
    const forMs = this.#nowMs - (node.drain?.sinceMs ?? 0);
    const core = { core: 0, cpuLoad: 0, load: 0, debit: 0, consumers: 0, usable: true };
    return {
      ...{ nodeId: id, incarnation: id, busConnected: true, region: "default", labels: [], version: "" },
      ...{ networkLoad: 0, capacity: { maxPeers: null, networkBps: 1 }, lastBeatMs: this.wallNow },
      ...(node.drain
        ? { state: "draining" as const, drain: { forMs, lingering: 0, ...namedBy(node) } }
        : { state: "ready" as const }),
      cores: [{ ...core, rooms: roomsOf(node), peers: 3 * roomsOf(node) }],
    };
  }

  #newInstance(startMs: number): Instance {
    this.#count += 1;
    const id = `node-${String(this.#count).padStart(6, "0")}`;
    const instance = { id, nodeId: id, askedAtMs: this.wallNow, beatsAtMs: this.#nowMs + startMs };
    this.#instances.set(id, instance);
    return instance;
  }

  #end(id: string): void {
    this.#nodes.delete(id);
    this.#groups.end(id, { nowMs: this.wallNow, roomCostPpm: ROOM_PPM });
  }

  #ready(): SimulatedNode[] {
    return [...this.#nodes.values()].filter(({ drain }) => drain === null);
  }

  #roomOn({ loadCores }: SimulatedNode): number {
    return Math.max(0, FULL * this.#options.coresPerNode - loadCores);
  }

  #note(counts: Map<number, number>, cores: number): void {
    const period = Math.floor(this.wallNow / this.#policy.countMs);
    counts.set(period, (counts.get(period) ?? 0) + Math.round(cores / ROOM_CORES));
    for (const old of counts.keys()) if (old <= period - this.#policy.countsKept) counts.delete(old);
  }

  #nodeOf(id: string): SimulatedNode {
    const node = this.#nodes.get(id);
    if (!node) throw new FairleadError("node_not_found");
    return node;
  }

  #assertThere(): void {
    if (this.isAway) throw new FairleadError("registry_unreachable");
  }
}

function roomsOf({ loadCores }: SimulatedNode): number {
  return Math.ceil(loadCores / ROOM_CORES - 1e-6);
}

function namedBy({ drain }: SimulatedNode): { by?: string } {
  return drain?.by === undefined ? {} : { by: drain.by };
}
