import {
  type CoreAdvert,
  digestOf,
  type Heartbeat,
  type Lease,
  type NodeStatus,
  type RoomOptions,
  type ServedLease,
} from "@fairlead/protocol";
import type { Placement, PlaceRequest, Registry } from "@fairlead/registry";
import type { PlacementPolicy } from "@fairlead/registry/placement";

/** A registry under test, empty, and the time that rules it, which stands still but for `advance`. */
export type RegistryAdapter = {
  registry: Registry;
  now(): number;
  advance(ms: number): Promise<void>;
  /** A call by a process whose clock is ahead by so much, or behind; or of one that was held up on its way. */
  skewed<T>(ms: number, call: () => Promise<T>): Promise<T>;
  /** Everything that was stored is gone, as after FLUSHALL. `registry` may be another one then. */
  flush(): Promise<void>;
  close(): Promise<void>;
};

/** @param policy `coldMs` is always given. */
export type CreateRegistryAdapter = (
  policy: Partial<PlacementPolicy> & { coldMs: number },
) => Promise<RegistryAdapter>;

/** One whose registry is never cold, unless a test is about that. */
export type OpenRegistryAdapter = () => Promise<RegistryAdapter>;

type BeatOptions = Partial<Omit<Heartbeat, "cores">> & { cores?: Partial<CoreAdvert>[] };

/** The heartbeat of a node of one idle core that serves nothing, but for what is given. */
export function beatOf(nodeId: string, { cores = [{}], ...options }: BeatOptions = {}): Heartbeat {
  return {
    nodeId,
    incarnation: `${nodeId}-run-1`,
    state: "ready",
    busConnected: true,
    region: "eu",
    labels: [],
    version: "0.1.0",
    networkLoad: 0,
    settledDebits: [],
    capacity: { maxPeers: null, networkBps: 1_000_000_000 },
    leases: serving([]),
    observedCosts: [],
    suspects: [],
    ...options,
    cores: cores.map((core, index) => ({ ...idleCore, core: index, ...core })),
  };
}

const idleCore = { cpuLoad: 0, rooms: 0, peers: 0, consumers: 0, usable: true };

type Served = Pick<Lease, "roomId" | "core" | "epoch"> & Partial<Pick<ServedLease, "peers" | "isLocal">>;

/** A beat's leases: all that the node serves, and those that it names (default: all). */
export function serving(
  leases: readonly Served[],
  { named = leases, isComplete = false }: { named?: readonly Served[]; isComplete?: boolean } = {},
): Heartbeat["leases"] {
  const toServed = ({ roomId, core, epoch, peers = 1, isLocal = false }: Served) => ({
    roomId,
    core,
    epoch,
    peers,
    isLocal,
  });
  const page = isComplete ? { page: { of: 1, buckets: [0] } } : {};
  return { ...digestOf(leases), named: named.map(toServed), ...page };
}

/** Time passes while these nodes beat, and no other does: in steps of 500 ms, as theirs. */
export async function beating(
  { registry, advance }: RegistryAdapter,
  ms: number,
  beats: readonly Heartbeat[],
): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    await advance(Math.min(left, 500));
    for (const beat of beats) await registry.heartbeat(beat);
  }
}

/** Places a room for a peer of its own. */
export function placePeer(
  registry: Registry,
  roomId: string,
  request: Partial<PlaceRequest> = {},
): Promise<Placement> {
  const peer = { identity: "ada", ticketId: "ticket-of-ada" };
  return registry.place({ roomId, peer, ...request });
}

export function roomOptions(options: Partial<RoomOptions> = {}): RoomOptions {
  return {
    maxPeers: 1_000,
    duplicateIdentity: "replace",
    emptyTimeoutMs: 30_000,
    kind: "meeting",
    labels: [],
    ...options,
  };
}

/** @returns The first page: tests have few nodes. */
export async function nodesOf(registry: Registry): Promise<NodeStatus[]> {
  return (await registry.listNodes({ limit: 100 })).items;
}

/** @returns 0..: of all cores of all nodes, or of one node's. */
export async function openDebit(registry: Registry, nodeId?: string): Promise<number> {
  const nodes = (await nodesOf(registry)).filter((node) => nodeId === undefined || node.nodeId === nodeId);
  const ppm = nodes.flatMap(({ cores }) => cores.map(({ debit }) => Math.round(debit * 1_000_000)));
  return ppm.reduce((sum, each) => sum + each, 0) / 1_000_000;
}
