import { digestOf, type Heartbeat } from "@fairlead/protocol";
import type { Placement } from "@fairlead/registry";
import { heartbeatArguments } from "@fairlead/registry/scripts";

/** A room that a node is to open, as it is told. */
export type Opened = Pick<Placement, "lease" | "debitId">;

export type EncodeBeat = (args: readonly string[]) => Buffer;

const REGIONS = ["eu", "us", "asia"];

/** A node as the registry sees it: its heartbeats name what it opened and what has arrived, as a real one's do. */
export class FakeNode {
  readonly incarnation: string;
  readonly #beat: Heartbeat;
  readonly #encode: EncodeBeat;
  readonly #served = new Map<string, { core: number; epoch: number }>();
  #news: Opened[] = [];
  /** Two, taken in turns, so that loads change with each beat; null when they must be made anew. */
  #plain: [Buffer, Buffer] | null = null;
  #turn = 0;
  /** Its last beat was not answered: it sends no other one. */
  isWaiting = false;

  constructor(index: number, cores: number, encode: EncodeBeat) {
    const nodeId = `node-${index}`;
    this.incarnation = `run-of-${nodeId}`;
    this.#encode = encode;
    this.#beat = {
      nodeId,
      incarnation: this.incarnation,
      state: "ready",
      busConnected: true,
      version: "0.1.0",
      region: REGIONS[index % REGIONS.length] ?? "",
      labels: [],
      networkLoad: 0.1,
      cores: Array.from({ length: cores }, (_, core) => idleCore(core)),
      settledDebits: [],
      capacity: { maxPeers: null, networkBps: 10_000_000_000 },
      leases: { count: 0, epochSum: 0, named: [] },
      observedCosts: [],
      suspects: [],
    };
  }

  open(opened: Opened): void {
    const { roomId, core, epoch } = opened.lease;
    this.#served.set(roomId, { core, epoch });
    this.#news.push(opened);
    this.#plain = null;
  }

  close(roomId: string): void {
    this.#served.delete(roomId);
    this.#news = this.#news.filter(({ lease }) => lease.roomId !== roomId);
    this.#plain = null;
  }

  /** @returns The next beat's command, ready but for its time. @param namesAll As a node does once a minute, and hears then how often to beat. */
  nextBeat(namesAll: boolean): Buffer {
    if (this.#news.length > 0 || namesAll) {
      const command = this.#encode(this.#arguments(namesAll));
      this.#news = [];
      return command;
    }
    this.#plain ??= [this.#encode(this.#arguments()), this.#encode(this.#arguments())];
    this.#turn = 1 - this.#turn;
    return this.#plain[this.#turn === 0 ? 0 : 1];
  }

  #arguments(namesAll = false): string[] {
    const served = [...this.#served.values()];
    for (const core of this.#beat.cores) core.cpuLoad = 0.1 + Math.round(Math.random() * 400_000) / 1_000_000;
    const news = this.#news.map(({ lease: { roomId, core, epoch } }) => ({ roomId, core, epoch }));
    const told = namesAll ? [...this.#served].map(([roomId, lease]) => ({ roomId, ...lease })) : news;
    const named = told.map((lease) => ({ ...lease, peers: 2, isLocal: false }));
    const page = namesAll ? { page: { of: 1, buckets: [0] } } : {};
    return heartbeatArguments({
      ...this.#beat,
      settledDebits: this.#news.map(({ debitId }) => debitId),
      leases: { ...digestOf(served), named, ...page },
    });
  }
}

function idleCore(core: number) {
  return { core, cpuLoad: 0, rooms: 3, peers: 12, consumers: 40, usable: true };
}
