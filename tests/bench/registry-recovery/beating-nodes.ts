import { type Bus, serveSubject } from "@fairlead/bus";
import { connectNatsTcpBus } from "@fairlead/bus/nats-tcp";
import { assembleHeartbeat, type HeartbeatDeps } from "@fairlead/media-node/heartbeat";
import { type Lease, subjects } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import { silentLogger } from "@fairlead/telemetry";
import { answerParent } from "../processes/ask-child.ts";
import { BenchRooms } from "./bench-rooms.ts";

export type BeatingNodesTasks = {
  /** Nodes `first`, `first + 1`, … begin to beat, each with as many leases. */
  start: { input: BeatingNodesInput; output: null };
  /** They have been patient until now, so that the registry learns of all leases. From now on time-outs are the product's. */
  loseThePatience: { input: null; output: null };
  /** Rooms that were placed on some of them. */
  open: { input: Lease[]; output: null };
};

type BeatingNodesInput = {
  natsUrl: string;
  user: { user: string; password: string };
  redisUrl: string;
  first: number;
  nodes: number;
  leases: number;
};

const CORES = 16;
const BEAT_MS = 500;
const PATIENT = { timeoutMs: 120_000, heartbeatTimeoutMs: 120_000 };
/** Older than any room that is placed during the bench. */
const FIRST_EPOCH = Date.now() - 3_600_000;

const roomsOf = new Map<string, BenchRooms>();
const useProductTimeouts: (() => void)[] = [];

answerParent({
  start: async ({ natsUrl, user, first, nodes, leases, redisUrl }: BeatingNodesInput) => {
    const bus = await connectNatsTcpBus({ servers: [natsUrl], ...user, inboxPrefix: "_INBOX_node" });
    for (let index = first; index < first + nodes; index += 1)
      await startNode({ index, leases, bus, redisUrl, startAfterMs: (index * BEAT_MS) / nodes });
    return null;
  },
  loseThePatience: () => {
    for (const use of useProductTimeouts) use();
    return null;
  },
  open: async (leases: Lease[]) => {
    for (const lease of leases) await roomsOf.get(lease.incarnation)?.open({ lease });
    return null;
  },
});

type StartNode = { index: number; leases: number; bus: Bus; redisUrl: string; startAfterMs: number };

/** The heartbeat of a media node as it is, over rooms without media. */
async function startNode({ index, leases, bus, redisUrl, startAfterMs }: StartNode): Promise<void> {
  const nodeId = `node-${index}`;
  const incarnation = `run-of-${nodeId}`;
  const rooms = new BenchRooms();
  roomsOf.set(incarnation, rooms);
  for (let room = 0; room < leases; room += 1) await rooms.open({ lease: leaseOf(index, room) });
  const registry = await openRegistry(redisUrl);
  const heart = assembleHeartbeat({
    node: {
      nodeId,
      incarnation,
      region: "default",
      labels: [],
      version: "0.1.0",
      capacity: { maxPeers: null, networkBps: 10_000_000_000 },
    },
    nodeId,
    incarnation,
    bus,
    registry,
    rooms: rooms.asRooms,
    cores: Array.from({ length: CORES }, (_, core) => ({ index: core, load: 0.2, isUsable: true })),
    network: { load: 0.1 },
    log: silentLogger,
    now: Date.now,
    readiness: { state: "ready" },
    onAnswered: () => {},
    onRecordLost: () => {},
  } as unknown as HeartbeatDeps);
  serveSubject(
    bus,
    subjects.nodePing(incarnation),
    { "node.ping": async () => ({}) },
    { onBug: console.error },
  );
  setTimeout(() => heart.heartbeats.beatRegularly(), startAfterMs);
}

function leaseOf(node: number, room: number): Lease {
  const nodeId = `node-${node}`;
  return {
    roomId: `room-${node}-${room}`,
    nodeId,
    incarnation: `run-of-${nodeId}`,
    core: room % CORES,
    epoch: FIRST_EPOCH + room,
  };
}

/** A connection for each node, as in a cluster. */
async function openRegistry(url: string): Promise<Registry> {
  let current = await connectRedisRegistry({ url, ...PATIENT });
  const usual = await connectRedisRegistry({ url });
  useProductTimeouts.push(() => {
    current = usual;
  });
  return {
    heartbeat: (beat) => current.heartbeat(beat),
    place: (request) => current.place(request),
  } as Registry;
}
