import { FairleadError, type Lease } from "@fairlead/protocol";
import type { PlaceRequest, Registry } from "@fairlead/registry";
import type { ClusterSize, SimulatedRoom } from "../cluster/cluster.ts";
import { roomLoadPpm } from "../cluster/room-load.ts";
import { ReportingNode } from "./reporting-node.ts";
import type { Advert, Strategy } from "./strategy.ts";

export type OursOptions = {
  registry: Registry;
  size: ClusterSize;
  now: () => number;
  /** How old the loads are that adverts tell: debits settle so much later. */
  advertAgeMs: number;
  /** Costs of earlier rooms, from which the registry has learned. */
  earlierCostsPpm?: readonly number[];
  /** New rooms go to the fullest node that is below half. */
  fills?: boolean | undefined;
};

const NODE_PREFIX = "node-";
const PEER = { identity: "peer", ticketId: "ticket" };

/** The registry itself, through its port: every join asks it, nodes beat and settle, heirs place what it hands out. */
export class Ours implements Strategy {
  readonly #options: OursOptions;
  /** The living run of each node. */
  readonly #nodes = new Map<number, ReportingNode>();
  readonly #byIncarnation = new Map<string, ReportingNode>();
  /** As last placed, by room. */
  readonly #leases = new Map<string, Lease>();
  #starts = 0;

  constructor(options: OursOptions) {
    this.#options = options;
    const { size, earlierCostsPpm = [] } = options;
    for (let node = 0; node < size.nodes; node += 1)
      this.#start(
        node,
        earlierCostsPpm.filter((_, index) => index % size.nodes === node),
      );
  }

  /** Signaling does not reach the node of a room that is down, and says so when it asks again. */
  join(room: SimulatedRoom): Promise<number | null> {
    const { roomId } = room;
    const lastLease = this.#leases.get(roomId);
    const suspect = lastLease && !this.#servingRun(roomId) ? lastLease.incarnation : undefined;
    return this.#place(room, { roomId, peer: PEER, suspect, fills: this.#options.fills === true });
  }

  replace(room: SimulatedRoom): Promise<number | null> {
    return this.#place(room, { roomId: room.roomId });
  }

  peersChanged({ roomId, peers }: SimulatedRoom): void {
    this.#servingRun(roomId)?.note(roomId, peers, roomLoadPpm(peers));
  }

  async end({ roomId }: SimulatedRoom): Promise<void> {
    const lease = this.#leases.get(roomId);
    if (!lease) return;
    this.#servingRun(roomId)?.close(roomId);
    this.#leases.delete(roomId);
    await this.#options.registry.release(lease);
  }

  async hear({ node, loadsPpm }: Advert): Promise<string[]> {
    const run = this.#nodes.get(node);
    if (!run) return [];
    const reply = await this.#options.registry.heartbeat(run.beat(loadsPpm, this.#options.now()));
    if (reply.leasesDiffer) run.askForAll();
    return reply.orphans.map(({ roomId }) => roomId);
  }

  nodeDied(node: number): void {
    const run = this.#nodes.get(node);
    this.#nodes.delete(node);
    if (run) this.#byIncarnation.delete(run.incarnation);
  }

  nodeStarted(node: number): void {
    this.#start(node, []);
  }

  async #place(room: SimulatedRoom, request: PlaceRequest): Promise<number | null> {
    try {
      const { lease, debitId } = await this.#options.registry.place(request);
      return this.#serve(room, lease, request.peer ? debitId : null);
    } catch (error) {
      if (error instanceof FairleadError && error.code === "no_capacity") return null;
      throw error;
    }
  }

  /** @returns The core, though its node may have died without the registry's knowing. */
  #serve({ roomId, peers }: SimulatedRoom, lease: Lease, debitId: string | null): number | null {
    const { advertAgeMs, now, size } = this.#options;
    this.#leases.set(roomId, lease);
    const run = this.#byIncarnation.get(lease.incarnation);
    if (run && !run.serves(roomId)) run.open(lease, peers, now());
    if (run && debitId !== null) run.admit(debitId, now() + advertAgeMs);
    return Number(lease.nodeId.slice(NODE_PREFIX.length)) * size.coresPerNode + lease.core;
  }

  #servingRun(roomId: string): ReportingNode | undefined {
    return this.#byIncarnation.get(this.#leases.get(roomId)?.incarnation ?? "");
  }

  #start(index: number, costsPpm: readonly number[]): void {
    const nodeId = `${NODE_PREFIX}${String(index).padStart(5, "0")}`;
    this.#starts += 1;
    const run = new ReportingNode({ nodeId, incarnation: `${nodeId}-${this.#starts}` }, costsPpm);
    this.#nodes.set(index, run);
    this.#byIncarnation.set(run.incarnation, run);
  }
}
