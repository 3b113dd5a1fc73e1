import { type CoreAdvert, defaultGroupOf, type Heartbeat, type LeaseDigest } from "@fairlead/protocol";
import { ScoredSet } from "../../memory/scored-set.ts";
import { lingeringPpmOf, roomsOf } from "../capacity/adverts.ts";
import { type PlacementCore, type PlacementNode, toPpm } from "../policy.ts";
import type { Room } from "../rooms/memory.ts";

export type KnownCore = PlacementCore & Pick<CoreAdvert, "cpuLoad" | "rooms" | "peers" | "consumers">;

/** What was promised to one peer, and no measured load contains yet. */
export type Debit = { roomId: string; core: number; costPpm: number; atMs: number };

/** A room placed lately: it reserves what it is expected to grow by; one that moved here, what it cost where it was. */
export type YoungRoom = {
  core: number;
  placedAtMs: number;
  /** How many peers had it where it was; null: it has not moved. */
  returning: number | null;
  /** When the last of the peers came that it was looked at for. */
  asOfMs: number;
  costPpm: number;
  peers: number;
  /** Of a room that has moved: how many of these were measured when the last one came. */
  measured: number;
  /** What it reserves. */
  growthPpm: number;
};

/** One run of one node, and all that ends with it. */
export type KnownNode = Omit<PlacementNode, "cores"> & {
  cores: KnownCore[];
  version: string;
  drain: Heartbeat["drain"];
  /** As advertised. */
  networkLoad: number;
  networkBps: number;
  /** Those that it is scaled with. */
  group: string;
  /** How much of its loads is that of rooms that linger. */
  lingeringPpm: number;
  rooms: number;
  /** The pools that it stands in; "": it takes no rooms. */
  offers: string;
  /** When it next adds its loads to its group's sums. */
  shareDueMs: number;
  /** Its own clock at its last beat. */
  ownMs: number;
  /** How often it beats, as it was told. */
  intervalMs: number;
  /** Since when it has no bus; null while it has. */
  cutSinceMs: number | null;
  /** Its rooms were given up because it was cut from the bus for too long. */
  wasCutOff: boolean;
  /** The rooms whose lease it has, confirmed or not. */
  held: Set<Room>;
  /** Their ids by slot; after a burial also those that it has not named since. */
  leases: ScoredSet;
  /** Ids of those that it has not named yet, by claim. */
  claims: ScoredSet;
  /** Of the confirmed ones. */
  digest: LeaseDigest;
  /** The same of each slot that has any. */
  buckets: Map<number, LeaseDigest>;
  debits: Map<string, Debit>;
  /** By room id. */
  young: Map<string, YoungRoom>;
};

/** Of a node that is still to say what it serves: no node's digest is that. */
export const UNKNOWN_SUM = -1;

/** @param leases What it had before its burial and nobody took: it says of which it still serves. */
export function newNode({ nodeId, incarnation }: Heartbeat, leases = new ScoredSet()): KnownNode {
  return {
    nodeId,
    incarnation,
    state: "ready",
    busConnected: false,
    region: "",
    labels: [],
    version: "",
    drain: undefined,
    networkPpm: 0,
    networkLoad: 0,
    networkBps: 1,
    peers: 0,
    openPeers: 0,
    maxPeers: null,
    lastBeatMs: 0,
    group: "",
    lingeringPpm: 0,
    rooms: 0,
    offers: "",
    shareDueMs: 0,
    ownMs: 0,
    intervalMs: 0,
    cores: [],
    cutSinceMs: null,
    wasCutOff: false,
    held: new Set(),
    leases,
    claims: new ScoredSet(),
    digest: { count: 0, epochSum: leases.size > 0 ? UNKNOWN_SUM : 0 },
    buckets: new Map(),
    debits: new Map(),
    young: new Map(),
  };
}

/** Takes over what a heartbeat says of the node itself. */
export function renewNode(node: KnownNode, beat: Heartbeat, nowMs: number): void {
  node.state = beat.state;
  node.drain = beat.drain;
  node.busConnected = beat.busConnected;
  node.region = beat.region;
  node.labels = [...beat.labels];
  node.group = beat.group ?? defaultGroupOf(beat);
  node.lingeringPpm = lingeringPpmOf(beat);
  node.rooms = roomsOf(beat);
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
