import type { Heartbeat } from "@fairlead/protocol";
import type { HeartbeatReply, Registry } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import type { Rooms } from "./rooms.ts";
import type { Core } from "./worker/core.ts";
import type { NetworkMeter } from "./worker/network-meter.ts";

/** After this time a peer's load is in the measured one, ms. What a young room may grow to, the registry reserves itself. */
const PEER_SETTLES_MS = 10_000;

export type HeartbeatsOptions = {
  node: Pick<Heartbeat, "nodeId" | "incarnation" | "region" | "labels" | "version">;
  cores: readonly Core[];
  rooms: Rooms;
  network: NetworkMeter;
  registry: Registry;
  networkBps: number;
  isBusConnected: () => boolean;
  log: Logger;
  now: () => number;
  onReply: (reply: HeartbeatReply) => void;
};

/** Tells the registry what this node has and how loaded it is, and which debits its measured load now contains. */
export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  /** Debits by id, and when they are in the measured load. */
  readonly #settlesAtMs = new Map<string, number>();
  #beating: Promise<void> | null = null;
  #isStopped = false;
  #isDueAgain = false;
  /** The first beat was sent: from then on a change may be told at once. */
  isStarted = false;
  #isFailing = false;

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
  }

  noteArrival(debitId: string): void {
    this.#settlesAtMs.set(debitId, this.#options.now() + PEER_SETTLES_MS);
  }

  /** The peer was not let in: its debit ends with the next beat. */
  noteRefusal(debitId: string): void {
    this.#settlesAtMs.set(debitId, this.#options.now());
  }

  /** One beat; while the last one is still on its way, one after it. */
  async beat(): Promise<void> {
    if (this.#isStopped) return;
    if (this.#beating) {
      this.#isDueAgain = true;
      return;
    }
    this.#isDueAgain = false;
    this.isStarted = true;
    this.#beating = this.#send();
    await this.#beating;
    this.#beating = null;
    if (this.#isDueAgain) await this.beat();
  }

  /** None is sent from now on; resolves when the last one is through, so that none overtakes a goodbye. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#beating;
  }

  async #send(): Promise<void> {
    const settledDebits = this.#settled();
    try {
      const reply = await this.#options.registry.heartbeat(this.#advert(settledDebits));
      for (const id of settledDebits) this.#settlesAtMs.delete(id);
      if (this.#isFailing) this.#options.log.info("heartbeat.resumed");
      this.#isFailing = false;
      this.#options.onReply(reply);
    } catch (error) {
      if (!this.#isFailing) this.#options.log.warn("heartbeat.failed", { error });
      this.#isFailing = true;
    }
  }

  #settled(): string[] {
    const now = this.#options.now();
    return [...this.#settlesAtMs].filter(([, atMs]) => atMs <= now).map(([id]) => id);
  }

  #advert(settledDebits: string[]): Heartbeat {
    const { node, cores, rooms, network, isBusConnected } = this.#options;
    const served = rooms.all();
    return {
      ...node,
      state: "ready",
      busConnected: isBusConnected(),
      networkLoad: network.load,
      cores: cores.map((core) => ({
        core: core.index,
        cpuLoad: Math.min(core.load, 4),
        usable: core.isUsable,
        ...countsOf(core, rooms),
      })),
      settledDebits,
      capacity: { maxPeers: null, networkBps: this.#options.networkBps },
      leases: {
        count: served.length,
        epochSum: served.reduce((sum, { lease }) => sum + (lease.epoch % 1_000_000_000), 0),
        named: served.map(({ lease: { roomId, core, epoch }, peers }) => ({
          ...{ roomId, core, epoch, peers: peers.size, isLocal: false },
        })),
        isComplete: true,
      },
      observedCosts: [],
      suspects: [],
    };
  }
}

function countsOf(core: Core, rooms: Rooms): { rooms: number; peers: number; consumers: number } {
  const counts = rooms.onCore(core.index).map((room) => room.counts());
  return {
    rooms: counts.length,
    peers: counts.reduce((sum, { peers }) => sum + peers, 0),
    consumers: counts.reduce((sum, { consumers }) => sum + consumers, 0),
  };
}
