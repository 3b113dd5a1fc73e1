import type { CoreAddress, GroupCapacity, Heartbeat, Lease } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { expect, it } from "vitest";
import { beatOf, serving } from "./registry-adapter.ts";

const NODES = ["a", "b", "c", "d", "e"];
const CORES = 4;
const DRAINS = 200;
/** They take 11.6 cores together: five nodes' worth, and a thirtieth more would be six's. */
const ROOMS = 116;
const COST = 0.1;
const PEERS = 3;
const BEAT_MS = 500;
/** Of the newest sample, as a media node weighs its worker's load. */
const SMOOTHING = 0.5;
/** How long peers take until they are placed anew, from then on until they cost anything, and how long the former place lingers. */
const [RETURN_MS, CONNECT_MS, LINGER_MS] = [1_500, 500, 3_000];
const SETTLES_MS = 10_000;
/** Until nothing is left of the rooms' arrival. */
const CALM_BEATS = 650;
/** Computes 36,000 beats of nodes, on cores that others use too. */
const PATIENCE_MS = 90_000;

type Place = CoreAddress & { sinceMs: number; untilMs: number | null };
type Served = {
  roomId: string;
  lease: Lease;
  peers: { atMs: number; debitId: string | null }[];
  places: Place[];
};

/** A cluster whose rooms always cost the same: only their places change. */
class Cluster {
  readonly rooms: Served[] = [];
  readonly draining = new Set<string>();
  nowMs = 1_800_000_000_000;
  readonly registry: Registry;
  readonly #loads = new Map<string, number>();
  readonly #isMeasured: boolean;

  /** @param isMeasured Moves bring what rooms cost, and nodes tell what lingers. */
  constructor(isMeasured: boolean) {
    this.#isMeasured = isMeasured;
    this.registry = createMemoryRegistry({ now: () => this.nowMs });
  }

  async open(count: number): Promise<void> {
    for (let room = 0; room < count; room += 1) {
      const roomId = `room-${room}`;
      const { lease } = await this.registry.place({ roomId, peer: PEER });
      const place = { ...lease, sinceMs: this.nowMs - 60_000, untilMs: null };
      this.rooms.push({ roomId, lease, peers: Array.from({ length: PEERS }, () => NOBODY), places: [place] });
      await this.beat();
    }
  }

  /** All nodes beat, and half a second passes. */
  async beat(): Promise<void> {
    this.nowMs += BEAT_MS;
    for (const room of this.rooms) {
      room.places = room.places.filter(({ untilMs }) => untilMs === null || untilMs > this.nowMs);
      for (const peer of room.peers)
        if (peer.debitId === null && peer.atMs <= this.nowMs && peer !== NOBODY)
          peer.debitId = (await this.registry.place({ roomId: room.roomId, peer: PEER })).debitId;
    }
    const places = Map.groupBy(
      this.rooms.flatMap((room) => room.places),
      keyOf,
    );
    const held = Map.groupBy(this.rooms, ({ lease }) => lease.nodeId);
    for (const nodeId of NODES)
      await this.registry.heartbeat(this.#beatOf(nodeId, held.get(nodeId) ?? [], places));
  }

  async move(room: Served): Promise<void> {
    const { roomId, lease } = room;
    const exclude = NODES.filter((id) => id === lease.nodeId).flatMap((nodeId) =>
      Array.from({ length: CORES }, (_, core) => ({ nodeId, incarnation: lease.incarnation, core })),
    );
    const placed = await this.registry.place({
      ...{ roomId, supersedes: lease, exclude },
      ...(this.#isMeasured ? { movedLoad: COST } : {}),
    });
    for (const place of room.places) place.untilMs ??= this.nowMs + LINGER_MS;
    room.places.push({ ...placed.lease, sinceMs: this.nowMs + RETURN_MS + CONNECT_MS, untilMs: null });
    room.lease = placed.lease;
    room.peers = Array.from({ length: PEERS }, (_, peer) => ({
      atMs: this.nowMs + (RETURN_MS * (peer + 1)) / PEERS,
      debitId: null,
    }));
  }

  async capacity(): Promise<GroupCapacity> {
    const [group] = await this.registry.listGroups();
    if (!group) throw new Error("no group");
    return group;
  }

  #beatOf(nodeId: string, held: Served[], places: ReadonlyMap<string, Place[]>): Heartbeat {
    const settledDebits = held
      .flatMap(({ peers }) => peers)
      .filter(({ atMs, debitId }) => debitId !== null && this.nowMs - atMs >= SETTLES_MS)
      .map(({ debitId }) => debitId ?? "");
    return beatOf(nodeId, {
      state: this.draining.has(nodeId) ? "draining" : "ready",
      cores: Array.from({ length: CORES }, (_, core) => this.#advertOf(keyOf({ nodeId, core }), places)),
      settledDebits,
      leases: serving(held.map(({ lease }) => ({ ...lease, peers: PEERS }))),
    });
  }

  #advertOf(key: string, places: ReadonlyMap<string, Place[]>) {
    const here = places.get(key) ?? [];
    const active = here.filter(({ sinceMs }) => sinceMs <= this.nowMs);
    const before = this.#loads.get(key) ?? 0;
    const cpuLoad = before + SMOOTHING * (active.length * COST - before);
    this.#loads.set(key, cpuLoad);
    const lingering = active.filter(({ untilMs }) => untilMs !== null);
    const share = active.length > 0 ? lingering.length / active.length : 0;
    const rooms = here.length - lingering.length;
    return {
      ...{ cpuLoad, rooms, peers: rooms * PEERS },
      ...(this.#isMeasured && share > 0 ? { lingeringLoad: cpuLoad * share } : {}),
    };
  }
}

function keyOf({ nodeId, core }: Pick<CoreAddress, "nodeId" | "core">): string {
  return `${nodeId} ${core}`;
}

const PEER = { identity: "ada", ticketId: "ticket" };
const NOBODY = { atMs: 0, debitId: null };

/** Each node is drained in turn, a room each beat, and takes rooms again. @returns The group after each beat. */
async function liveThrough(cluster: Cluster, drains: number): Promise<GroupCapacity[]> {
  for (const nodeId of NODES)
    await cluster.registry.heartbeat(beatOf(nodeId, { cores: Array(CORES).fill({}) }));
  const observedCosts = Array.from({ length: 30 }, () => ({ kind: "meeting" as const, load: 0.07 }));
  await cluster.registry.heartbeat(beatOf("a", { observedCosts, cores: Array(CORES).fill({}) }));
  await cluster.open(ROOMS);
  for (let beat = 0; beat < CALM_BEATS; beat += 1) await cluster.beat();
  const told: GroupCapacity[] = [];
  for (let drain = 0; drain < drains; drain += 1) {
    const nodeId = NODES[drain % NODES.length] as string;
    cluster.draining.add(nodeId);
    await cluster.beat();
    for (const room of cluster.rooms.filter(({ lease }) => lease.nodeId === nodeId)) {
      await cluster.move(room);
      await cluster.beat();
      told.push(await cluster.capacity());
    }
    for (let beat = 0; beat < 10; beat += 1) {
      await cluster.beat();
      told.push(await cluster.capacity());
    }
    cluster.draining.delete(nodeId);
  }
  return told;
}

function mostOf(told: readonly GroupCapacity[]): number {
  return Math.max(...told.map(({ demandCores }) => demandCores));
}

it(`${DRAINS} drains at constant load change the number of wanted nodes by 0`, {
  timeout: PATIENCE_MS,
}, async () => {
  const told = await liveThrough(new Cluster(true), DRAINS);
  expect(new Set(told.map(({ neededNodes }) => neededNodes))).toEqual(new Set([5]));
  expect(new Set(told.map(({ wantedNodes }) => wantedNodes))).toEqual(new Set([5]));
  expect(Math.min(...told.map(({ demandCores }) => demandCores))).toBeGreaterThan(0.98 * ROOMS * COST);
  expect(mostOf(told)).toBeLessThan(1.03 * ROOMS * COST);
});

it("without measured costs they look like growth: rooms count twice, and as if they were new", async () => {
  const told = await liveThrough(new Cluster(false), 5);
  expect(mostOf(told)).toBeGreaterThan(1.2 * ROOMS * COST);
  expect(Math.max(...told.map(({ neededNodes }) => neededNodes))).toBeGreaterThan(5);
});
