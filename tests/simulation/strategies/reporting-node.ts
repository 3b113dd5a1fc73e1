import type { Heartbeat, Lease, ServedLease } from "@fairlead/protocol";
import { fromPpm } from "@fairlead/registry/placement";

/** As in the media node: when a peer's load is in the measured one, and when a room has shown what it costs. */
const PEER_SETTLES_MS = 10_000;
const GROWN_UP_MS = 120_000;
const COSTS_PER_BEAT = 64;

type Served = { lease: Lease; peers: number; namedPeers: number; openedAtMs: number; peakPpm: number };

/** One run of a node, as the registry hears of it: what a media node says in its heartbeats, without the media. */
export class ReportingNode {
  readonly nodeId: string;
  readonly incarnation: string;
  readonly #served = new Map<string, Served>();
  readonly #news = new Set<string>();
  /** In order of time. */
  #debits: { debitId: string; dueAtMs: number }[] = [];
  /** Rooms that have not shown what they cost, by age. */
  readonly #growing = new Map<string, Served>();
  #costsPpm: number[];
  #epochSum = 0;
  #isAskedForAll = false;

  /** @param costsPpm What rooms have cost that it served before. */
  constructor({ nodeId, incarnation }: { nodeId: string; incarnation: string }, costsPpm: readonly number[]) {
    this.nodeId = nodeId;
    this.incarnation = incarnation;
    this.#costsPpm = [...costsPpm];
  }

  serves(roomId: string): boolean {
    return this.#served.has(roomId);
  }

  open(lease: Lease, peers: number, nowMs: number): void {
    const served = { lease, peers, namedPeers: peers, openedAtMs: nowMs, peakPpm: 0 };
    this.#served.set(lease.roomId, served);
    this.#growing.set(lease.roomId, served);
    this.#news.add(lease.roomId);
    this.#epochSum += lease.epoch % 1_000_000_000;
  }

  /** @param admittedAtMs Of adverts, whose loads may be older. */
  admit(debitId: string, admittedAtMs: number): void {
    this.#debits.push({ debitId, dueAtMs: admittedAtMs + PEER_SETTLES_MS });
  }

  /** The room has so many peers now, and costs so much. */
  note(roomId: string, peers: number, loadPpm: number): void {
    const served = this.#served.get(roomId);
    if (!served) return;
    served.peers = peers;
    served.peakPpm = Math.max(served.peakPpm, loadPpm);
    if (Math.abs(peers - served.namedPeers) >= Math.max(2, served.namedPeers / 4)) this.#news.add(roomId);
  }

  close(roomId: string): void {
    const served = this.#served.get(roomId);
    if (!served) return;
    this.#served.delete(roomId);
    this.#growing.delete(roomId);
    this.#news.delete(roomId);
    this.#epochSum -= served.lease.epoch % 1_000_000_000;
  }

  beat(loadsPpm: Float64Array, nowMs: number): Heartbeat {
    return {
      nodeId: this.nodeId,
      incarnation: this.incarnation,
      state: "ready",
      busConnected: true,
      region: "eu",
      labels: [],
      version: "0.1.0",
      networkLoad: 0,
      capacity: { maxPeers: null, networkBps: 10_000_000_000 },
      cores: Array.from(loadsPpm, advertOf),
      settledDebits: this.#settled(nowMs),
      leases: this.#leases(),
      observedCosts: this.#observed(nowMs).map((ppm) => ({ kind: "meeting", load: fromPpm(ppm) })),
      suspects: [],
    };
  }

  askForAll(): void {
    this.#isAskedForAll = true;
  }

  #leases(): Heartbeat["leases"] {
    const isComplete = this.#isAskedForAll;
    const rooms = isComplete ? this.#served.keys() : this.#news;
    const named = Array.from(rooms, (roomId) => this.#name(roomId)).filter((lease) => lease !== null);
    this.#news.clear();
    this.#isAskedForAll = false;
    const page = isComplete ? { page: { of: 1, buckets: [0] } } : {};
    return { count: this.#served.size, epochSum: this.#epochSum, named, ...page };
  }

  #name(roomId: string): ServedLease | null {
    const served = this.#served.get(roomId);
    if (!served) return null;
    const { lease, peers } = served;
    served.namedPeers = peers;
    return { roomId, core: lease.core, epoch: lease.epoch, peers, isLocal: false };
  }

  #settled(nowMs: number): string[] {
    const open = this.#debits.findIndex(({ dueAtMs }) => dueAtMs > nowMs);
    const due = this.#debits.splice(0, open < 0 ? this.#debits.length : open);
    return due.map(({ debitId }) => debitId);
  }

  #observed(nowMs: number): number[] {
    for (const [roomId, { openedAtMs, peakPpm }] of this.#growing) {
      if (nowMs - openedAtMs < GROWN_UP_MS) break;
      this.#growing.delete(roomId);
      this.#costsPpm.push(peakPpm);
    }
    return this.#costsPpm.splice(0, COSTS_PER_BEAT);
  }
}

/** The counts are for people to read: no node here limits its peers. */
function advertOf(loadPpm: number, core: number) {
  return {
    core,
    cpuLoad: fromPpm(Math.min(loadPpm, 4_000_000)),
    rooms: 0,
    peers: 0,
    consumers: 0,
    usable: true,
  };
}
