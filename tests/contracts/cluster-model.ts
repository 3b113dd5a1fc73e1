import type { Heartbeat, Lease, NodeState, ServedLease } from "@fairlead/protocol";
import type { HeartbeatReply, Placement } from "@fairlead/registry";
import { beatOf, serving } from "./registry-adapter.ts";

/** Regions, labels and capacities differ, so that every wish has its own answer. */
export const NODES = {
  a: { region: "eu", labels: [], maxPeers: null },
  b: { region: "eu", labels: ["gpu"], maxPeers: null },
  c: { region: "us", labels: ["ssd", "gpu"], maxPeers: null },
  d: { region: "us", labels: [], maxPeers: 6 },
} satisfies Record<string, { region: string; labels: string[]; maxPeers: number | null }>;

export type NodeName = keyof typeof NODES;
export const NODE_NAMES = Object.keys(NODES) as NodeName[];

/** A node of the model, with its beliefs, which a real one would have too. */
export type ModelNode = {
  readonly nodeId: NodeName;
  readonly incarnation: string;
  readonly labels: string[];
  state: NodeState;
  busConnected: boolean;
  served: Map<string, ServedLease>;
  /** Opened or changed since the last answered beat. */
  unnamed: Set<string>;
  mustNameAll: boolean;
  debits: string[];
  orphans: Lease[];
  /** By how much its clock is ahead. */
  clockMs: number;
};

/** Facts of one beat, besides those about the node itself. */
export type BeatContent = Partial<
  Pick<Heartbeat, "networkLoad" | "observedCosts" | "suspects" | "settledDebits">
> & { cores?: { cpuLoad: number; usable: boolean; peers: number }[]; names?: "changed" | "all" | "nothing" };

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
  restart(name: NodeName, labels: string[] = NODES[name].labels): void {
    const run = (this.#runs.get(name) ?? 0) + 1;
    this.#runs.set(name, run);
    this.nodes.set(name, {
      nodeId: name,
      incarnation: `${name}-run-${run}`,
      labels,
      state: "ready",
      busConnected: true,
      served: new Map(),
      unnamed: new Set(),
      mustNameAll: false,
      debits: [],
      orphans: [],
      clockMs: this.nodes.get(name)?.clockMs ?? 0,
    });
  }

  serve(node: ModelNode, served: ServedLease): void {
    node.served.set(served.roomId, served);
    node.unnamed.add(served.roomId);
  }

  beatFor(node: ModelNode, { cores, names = "changed", ...content }: BeatContent = {}): Heartbeat {
    const { region, maxPeers } = NODES[node.nodeId];
    const { incarnation, state, busConnected, labels, served } = node;
    const isComplete = node.mustNameAll || names === "all";
    const mayName = (roomId: string) => isComplete || (names === "changed" && node.unnamed.has(roomId));
    const named = [...served.values()].filter(({ roomId }) => mayName(roomId));
    return beatOf(node.nodeId, {
      incarnation,
      state,
      busConnected,
      labels,
      region,
      cores: cores ?? [{}, {}],
      ...content,
      capacity: { maxPeers, networkBps: 1_000_000_000 },
      leases: serving([...served.values()], { named, isComplete }),
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
    node.mustNameAll = reply.needsAllLeases;
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
