import type { CoreAdvert, Heartbeat, LeaseDigest } from "@fairlead/protocol";
import { type PlacementCore, type PlacementNode, toPpm } from "../policy.ts";
import type { Room } from "../rooms/memory.ts";

export type KnownCore = PlacementCore & Pick<CoreAdvert, "cpuLoad" | "rooms" | "peers" | "consumers">;

/** What was promised to one peer, and no measured load contains yet. */
export type Debit = { roomId: string; core: number; costPpm: number; atMs: number };

/** A room placed lately: it reserves what it is expected to grow by. */
export type YoungRoom = {
  core: number;
  placedAtMs: number;
  costPpm: number;
  peers: number;
  growthPpm: number;
};

/** One run of one node, and all that ends with it. */
export type KnownNode = Omit<PlacementNode, "cores"> & {
  cores: KnownCore[];
  version: string;
  /** As advertised. */
  networkLoad: number;
  networkBps: number;
  /** Its own clock at its last beat. */
  ownMs: number;
  /** Since when it has no bus; null while it has. */
  cutSinceMs: number | null;
  /** Its rooms were given up because it was cut from the bus for too long. */
  wasCutOff: boolean;
  /** The rooms whose lease it has, confirmed or not. */
  held: Set<Room>;
  /** Those of them that it has not named yet. */
  claims: Set<Room>;
  /** Of the confirmed ones. */
  digest: LeaseDigest;
  debits: Map<string, Debit>;
  /** By room id. */
  young: Map<string, YoungRoom>;
};

export function newNode({ nodeId, incarnation }: Heartbeat): KnownNode {
  return {
    nodeId,
    incarnation,
    state: "ready",
    busConnected: false,
    region: "",
    labels: [],
    version: "",
    networkPpm: 0,
    networkLoad: 0,
    networkBps: 1,
    peers: 0,
    openPeers: 0,
    maxPeers: null,
    lastBeatMs: 0,
    ownMs: 0,
    cores: [],
    cutSinceMs: null,
    wasCutOff: false,
    held: new Set(),
    claims: new Set(),
    digest: { count: 0, epochSum: 0 },
    debits: new Map(),
    young: new Map(),
  };
}

/** Takes over what a heartbeat says of the node itself. */
export function renewNode(node: KnownNode, beat: Heartbeat, nowMs: number): void {
  node.state = beat.state;
  node.busConnected = beat.busConnected;
  node.region = beat.region;
  node.labels = [...beat.labels];
  node.version = beat.version;
  node.networkLoad = beat.networkLoad;
  node.networkPpm = toPpm(beat.networkLoad);
  node.networkBps = beat.capacity.networkBps;
  node.maxPeers = beat.capacity.maxPeers;
  node.lastBeatMs = nowMs;
  node.cores = beat.cores.map(toCore);
  node.peers = beat.cores.reduce((sum, { peers }) => sum + peers, 0);
}

function toCore({ core, cpuLoad, rooms, peers, consumers, usable }: CoreAdvert): KnownCore {
  return {
    core,
    cpuLoad,
    cpuPpm: toPpm(cpuLoad),
    debitPpm: 0,
    growthPpm: 0,
    rooms,
    peers,
    consumers,
    usable,
  };
}
