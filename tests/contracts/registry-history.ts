import { FairleadError, type Heartbeat, type Lease } from "@fairlead/protocol";
import type { PlaceRequest } from "@fairlead/registry";
import { DEFAULT_POLICY, growthPpm } from "@fairlead/registry/placement";
import fc from "fast-check";
import { expect } from "vitest";
import { beatOf, nodesOf, type RegistryAdapter, serving } from "./registry-adapter.ts";

const NODES = ["a", "b", "c"];
const { peerCostPpm, roomCostPpm, fullPpm, debitTtlMs, reservationMs } = DEFAULT_POLICY;

/** Steps in which no node dies: a simple model then knows the reservations of each core to the last digit. */
export type SimpleStep =
  | { do: "beat"; nodeId: string; isDraining: boolean; loads: number[]; brokenCore: number; settles: number }
  | { do: "place"; roomId: string; withPeer: boolean; excludes: string; excludedCore: number }
  | { do: "release"; roomId: string }
  /** All nodes beat, time passes, and all beat again. */
  | { do: "wait"; ms: number };

const node = fc.constantFrom(...NODES);
const roomId = fc.constantFrom("r0", "r1", "r2", "r3", "r4", "r5");
const load = fc.constantFrom(0, 0.2, 0.5, 0.88, 0.9, 1.2);

export const simpleStep: fc.Arbitrary<SimpleStep> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("beat" as const),
      nodeId: node,
      isDraining: fc.boolean(),
      loads: fc.array(load, { minLength: 2, maxLength: 2 }),
      brokenCore: fc.integer({ min: 0, max: 6 }),
      settles: fc.nat({ max: 4 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("place" as const),
      roomId,
      withPeer: fc.boolean(),
      excludes: node,
      excludedCore: fc.integer({ min: 0, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("release" as const), roomId }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.constantFrom(30_000, 31_000, 70_000)),
    }),
  },
);

/** @throws where the registry is not as the model says. */
export async function livesThrough(adapter: RegistryAdapter, history: readonly SimpleStep[]): Promise<void> {
  const model = new Model();
  for (const step of history) {
    if (step.do === "beat") await sendBeat(adapter, model, step);
    if (step.do === "place") await place(adapter, model, step);
    if (step.do === "release") await release(adapter, model, step.roomId);
    if (step.do === "wait") await wait(adapter, model, step.ms);
    for (const { nodeId, cores } of await nodesOf(adapter.registry))
      for (const { core, debit } of cores) {
        const said = { nodeId, core, debitPpm: Math.round(debit * 1_000_000) };
        expect(said).toEqual({ nodeId, core, debitPpm: model.debitOf(nodeId, core) });
      }
  }
}

type Content = Omit<Extract<SimpleStep, { do: "beat" }>, "do" | "nodeId">;

type ModelRoom = {
  lease: Lease;
  placedAtMs: number;
  /** When its growth was last looked at for a peer. */
  chargedAtMs: number;
  peers: number;
  debits: { id: string; atMs: number }[];
};

/** The truth that the registry must tell, kept the simplest way. */
class Model {
  readonly rooms = new Map<string, ModelRoom>();
  readonly beats = new Map<string, { content: Content; atMs: number }>();

  heldBy(nodeId: string): ModelRoom[] {
    return [...this.rooms.values()].filter(({ lease }) => lease.nodeId === nodeId);
  }

  /** @returns ppm: what is promised and not settled, and what young rooms may still grow by, as of the last look at them. */
  debitOf(nodeId: string, core: number): number {
    const beatAtMs = this.beats.get(nodeId)?.atMs ?? 0;
    const growth = this.#on(nodeId, core).map(({ placedAtMs, chargedAtMs, peers }) => {
      if (beatAtMs - placedAtMs >= reservationMs) return 0;
      const ageMs = Math.max(beatAtMs, chargedAtMs, placedAtMs) - placedAtMs;
      return growthPpm({ ageMs, peers, costPpm: roomCostPpm }, DEFAULT_POLICY);
    });
    return growth.reduce((sum, each) => sum + each, this.#peersDebitOf(nodeId, core));
  }

  mayTake(nodeId: string, core: number, exclude: NonNullable<PlaceRequest["exclude"]>): boolean {
    const content = this.beats.get(nodeId)?.content;
    if (!content || content.isDraining || content.brokenCore === core) return false;
    if (exclude.some((other) => other.nodeId === nodeId && other.core === core)) return false;
    const loadPpm = Math.round((content.loads[core] ?? 0) * 1_000_000) + this.#peersDebitOf(nodeId, core);
    return loadPpm + peerCostPpm < fullPpm;
  }

  /** Of peers on their way: what young rooms may grow by keeps no other room out. */
  #peersDebitOf(nodeId: string, core: number): number {
    const beatAtMs = this.beats.get(nodeId)?.atMs ?? 0;
    const debits = this.#on(nodeId, core).flatMap((room) => room.debits);
    return debits.filter(({ atMs }) => beatAtMs - atMs <= debitTtlMs).length * peerCostPpm;
  }

  #on(nodeId: string, core: number): ModelRoom[] {
    return this.heldBy(nodeId).filter(({ lease }) => lease.core === core);
  }
}

async function sendBeat(
  { registry, now }: RegistryAdapter,
  model: Model,
  { nodeId, ...content }: { nodeId: string } & Content,
): Promise<void> {
  const held = model.heldBy(nodeId);
  const settled = held.flatMap(({ debits }) => debits.map(({ id }) => id)).slice(0, content.settles);
  const beat: Heartbeat = beatOf(nodeId, {
    state: content.isDraining ? "draining" : "ready",
    cores: content.loads.map((cpuLoad, core) => ({ cpuLoad, usable: core !== content.brokenCore })),
    settledDebits: settled,
    leases: serving(held.map(({ lease }) => ({ ...lease, peers: 0 }))),
  });
  expect(await registry.heartbeat(beat)).toMatchObject({ lost: [], renewed: [], leasesDiffer: false });
  for (const room of held) room.debits = room.debits.filter(({ id }) => !settled.includes(id));
  model.beats.set(nodeId, { content, atMs: now() });
}

async function wait(adapter: RegistryAdapter, model: Model, ms: number): Promise<void> {
  const beatAll = async () => {
    for (const [nodeId, { content }] of model.beats)
      await sendBeat(adapter, model, { nodeId, ...content, settles: 0 });
  };
  await beatAll();
  await adapter.advance(ms);
  await beatAll();
}

async function release({ registry }: RegistryAdapter, model: Model, roomId: string): Promise<void> {
  const room = model.rooms.get(roomId);
  if (room) await registry.release(room.lease);
  model.rooms.delete(roomId);
}

async function place(
  { registry, now }: RegistryAdapter,
  model: Model,
  { roomId, withPeer, excludes, excludedCore }: Extract<SimpleStep, { do: "place" }>,
): Promise<void> {
  const exclude = [{ nodeId: excludes, incarnation: `${excludes}-run-1`, core: excludedCore }];
  const peer = withPeer ? { identity: "ada", ticketId: "ticket-of-ada" } : undefined;
  const known = model.rooms.get(roomId);
  const fits = NODES.some((nodeId) => [0, 1].some((core) => model.mayTake(nodeId, core, exclude)));
  const placement = await registry.place({ roomId, peer, exclude }).catch((error: unknown) => {
    if (error instanceof FairleadError) return error.code;
    throw error;
  });
  if (typeof placement === "string") {
    expect({ placement, known, fits }).toEqual({ placement: "no_capacity", known: undefined, fits: false });
    return;
  }
  const { lease, isNew, debitId } = placement;
  expect(isNew).toBe(!known);
  if (known) expect(lease).toEqual(known.lease);
  else expect(model.mayTake(lease.nodeId, lease.core, exclude)).toBe(true);
  const atMs = now();
  const room = known ?? { lease, placedAtMs: atMs, chargedAtMs: atMs, peers: 0, debits: [] };
  model.rooms.set(roomId, room);
  const isTurnedAway = lease.nodeId === excludes && lease.core === excludedCore;
  if (!withPeer || isTurnedAway) return;
  room.peers += 1;
  room.chargedAtMs = atMs;
  room.debits.push({ id: debitId, atMs });
}
