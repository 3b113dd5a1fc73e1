import {
  digestOf,
  type Heartbeat,
  type Lease,
  type LeasePage,
  leaseBucketOf,
  type NodeState,
  type ServedLease,
} from "@fairlead/protocol";
import type { HeartbeatReply, Placement } from "@fairlead/registry";
import { beatOf, serving } from "./registry-adapter.ts";

/** Regions, labels and capacities differ, so that every wish has its own answer; and into how many buckets leases are spread. */
export const NODES = {
  a: { region: "eu", labels: [], maxPeers: null, buckets: 1 },
  b: { region: "eu", labels: ["gpu"], maxPeers: null, buckets: 2 },
  c: { region: "us", labels: ["ssd", "gpu"], maxPeers: null, buckets: 4 },
  d: { region: "us", labels: [], maxPeers: 6, buckets: 8 },
} satisfies Record<string, { region: string; labels: string[]; maxPeers: number | null; buckets: number }>;

export type NodeName = keyof typeof NODES;
export const NODE_NAMES = Object.keys(NODES) as NodeName[];

/** A node of the model, with its beliefs, which a real one would have too. */
export type ModelNode = {
  readonly nodeId: NodeName;
  readonly incarnation: string;
  readonly labels: string[];
  /** undefined: that of its region and labels. */
  readonly group: string | undefined;
  state: NodeState;
  busConnected: boolean;
  served: Map<string, ServedLease>;
  /** Opened or changed since the last answered beat. */
  unnamed: Set<string>;
  /** The registry means other leases. */
  differs: boolean;
  owed: LeasePage | null;
  debits: string[];
  /** Those whose peers sit on core 1, as was told. */
  seated: Set<string>;
  orphans: Lease[];
  /** By how much its clock is ahead. */
  clockMs: number;
};

/** @property lingeringLoad Of rooms that linger. */
export type StepCore = {
  cpuLoad: number;
  usable: boolean;
  peers: number;
  rooms: number;
  lingeringLoad?: number;
};

/** Facts of one beat, besides those about the node itself. */
export type BeatContent = Partial<
  Pick<Heartbeat, "networkLoad" | "observedCosts" | "suspects" | "settledDebits" | "seatedDebits">
> & { cores?: StepCore[]; names?: "changed" | "all" | "nothing" };

/** The nodes of a small cluster, each with what it was told; the leases and debits that anybody was told of. */
export class ClusterModel {
  readonly nodes = new Map<NodeName, ModelNode>();
  /** The last lease of each room that was handed out. */
  readonly leases = new Map<string, Lease>();
  /** By how much the clocks of those who place rooms are ahead. */
  callersClockMs = 0;
  readonly #runs = new Map<NodeName, number>();
  readonly #debitNames = new Map<string, string>();

  constructor() {
    for (const name of NODE_NAMES) this.restart(name);
  }

  node(name: NodeName): ModelNode {
    const node = this.nodes.get(name);
    if (!node) throw new Error(`no node ${name}`);
    return node;
  }

  /** @returns The node's present run; undefined when the incarnation is one of the past. */
  runOf(incarnation: string): ModelNode | undefined {
    return [...this.nodes.values()].find((node) => node.incarnation === incarnation);
  }

  /** A new incarnation, which knows nothing. */
  restart(name: NodeName, labels: string[] = NODES[name].labels, group?: string): void {
    const run = (this.#runs.get(name) ?? 0) + 1;
    this.#runs.set(name, run);
    this.nodes.set(name, {
      nodeId: name,
      incarnation: `${name}-run-${run}`,
      labels,
      group,
      state: "ready",
      busConnected: true,
      served: new Map(),
      unnamed: new Set(),
      differs: false,
      owed: null,
      debits: [],
      seated: new Set(),
      orphans: [],
      clockMs: this.nodes.get(name)?.clockMs ?? 0,
    });
  }

  serve(node: ModelNode, served: ServedLease): void {
    node.served.set(served.roomId, served);
    node.unnamed.add(served.roomId);
  }

  beatFor(node: ModelNode, { cores, names = "changed", ...content }: BeatContent = {}): Heartbeat {
    const { region, maxPeers, buckets: of } = NODES[node.nodeId];
    const { incarnation, state, busConnected, labels, group } = node;
    const served = [...node.served.values()];
    const page = names === "all" ? { of: 1, buckets: [0] } : pageOf(node, of);
    const mayName = (roomId: string) =>
      page?.buckets.includes(leaseBucketOf(roomId, page.of)) ||
      (names === "changed" && node.unnamed.has(roomId));
    const named = served.filter(({ roomId }) => mayName(roomId));
    const isComparing = node.differs && !page;
    const buckets = Array.from({ length: of }, (_, bucket) =>
      digestOf(served.filter(({ roomId }) => leaseBucketOf(roomId, of) === bucket)),
    );
    return beatOf(node.nodeId, {
      incarnation,
      state,
      busConnected,
      labels,
      ...(group === undefined ? {} : { group }),
      region,
      cores: cores ?? [{}, {}],
      ...content,
      capacity: { maxPeers, networkBps: 1_000_000_000 },
      leases: {
        ...serving(served, { named }),
        ...(page ? { page } : {}),
        ...(isComparing ? { buckets } : {}),
      },
    });
  }

  beaten(node: ModelNode, beat: Heartbeat, reply: HeartbeatReply): void {
    for (const { roomId } of beat.leases.named) {
      node.unnamed.delete(roomId);
      const served = node.served.get(roomId);
      if (served) served.isLocal = false;
    }
    for (const { roomId } of reply.lost) node.served.delete(roomId);
    for (const { roomId, epoch } of reply.renewed) {
      const served = node.served.get(roomId);
      if (served) served.epoch = epoch;
    }
    for (const lease of [...reply.lost, ...reply.renewed]) this.leases.set(lease.roomId, lease);
    node.debits = node.debits.filter((id) => !beat.settledDebits.includes(id));
    node.orphans.push(...reply.orphans);
    node.differs = reply.leasesDiffer;
    const { buckets, page } = beat.leases;
    if (buckets) node.owed = { of: buckets.length, buckets: reply.differingBuckets };
    if (page && node.owed)
      node.owed.buckets = node.owed.buckets.filter((bucket) => !page.buckets.includes(bucket));
  }

  /** @param opens Whether the node gets to know of it. */
  placed({ lease, debitId }: Placement, { peers, opens }: { peers: number; opens: boolean }): void {
    const { roomId, core, epoch } = lease;
    this.leases.set(roomId, lease);
    const node = this.runOf(lease.incarnation);
    if (!node || !opens) return;
    if (peers > 0) node.debits.push(debitId);
    const before = node.served.get(roomId);
    const had = before?.epoch === epoch ? before.peers : 0;
    this.serve(node, { roomId, core, epoch, peers: had + peers, isLocal: false });
  }

  /** @returns The same name for the debit in every history of the same steps. */
  nameDebit(debitId: string): string {
    const name = this.#debitNames.get(debitId) ?? `debit-${this.#debitNames.size + 1}`;
    this.#debitNames.set(debitId, name);
    return name;
  }
}

/** At most two buckets in one beat; where there is one bucket nothing has to be compared first. */
function pageOf(node: ModelNode, of: number): LeasePage | null {
  if (node.differs && of === 1) return { of, buckets: [0] };
  const [first, second] = node.owed?.buckets ?? [];
  if (!node.owed || first === undefined) return null;
  return { of: node.owed.of, buckets: second === undefined ? [first] : [first, second] };
}
