import type { Heartbeat, Lease } from "@fairlead/protocol";
import type { Placement, PlaceRequest } from "@fairlead/registry";
import { DEFAULT_POLICY, fromPpm } from "@fairlead/registry/placement";
import fc from "fast-check";
import { beatOf } from "./registry-adapter.ts";

const NODES = ["a", "b", "c"];
const ROOMS = ["r0", "r1", "r2", "r3", "r4", "r5"];

/** Short enough in all that no debit or reservation expires: ages are the unit tests' matter. */
const MAX_STEP_MS = 2_000;

export type Step =
  | { do: "beat"; nodeId: string; isDraining: boolean; loads: number[]; brokenCore: number; settles: number }
  | { do: "place"; roomId: string; withPeer: boolean; excludes: string; excludedCore: number }
  | { do: "release"; roomId: string }
  | { do: "wait"; ms: number };

const node = fc.constantFrom(...NODES);
const room = fc.constantFrom(...ROOMS);
const load = fc.constantFrom(0, 0.2, 0.5, 0.88, 0.9, 1.2);

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: beatStep() },
  { weight: 5, arbitrary: placeStep() },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("release" as const), roomId: room }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: MAX_STEP_MS }) }),
  },
);

function beatStep() {
  return fc.record({
    do: fc.constant("beat" as const),
    nodeId: node,
    isDraining: fc.boolean(),
    loads: fc.array(load, { minLength: 2, maxLength: 2 }),
    brokenCore: fc.integer({ min: 0, max: 6 }),
    settles: fc.nat({ max: 4 }),
  });
}

function placeStep() {
  return fc.record({
    do: fc.constant("place" as const),
    roomId: room,
    withPeer: fc.boolean(),
    excludes: node,
    excludedCore: fc.integer({ min: 0, max: 6 }),
  });
}

type ModelRoom = { lease: Lease; peers: number; openDebits: string[] };

/** What must be true of the registry, kept the simplest way. */
export class RegistryModel {
  readonly rooms = new Map<string, ModelRoom>();
  readonly beats = new Map<string, { beat: Heartbeat; atMs: number }>();

  beatFor({ nodeId, isDraining, loads, brokenCore, settles }: Extract<Step, { do: "beat" }>): Heartbeat {
    const held = [...this.rooms.values()].filter(({ lease }) => lease.nodeId === nodeId);
    return beatOf(nodeId, {
      state: isDraining ? "draining" : "ready",
      cores: loads.map((cpuLoad, core) => ({ cpuLoad, usable: core !== brokenCore })),
      settledDebits: held.flatMap(({ openDebits }) => openDebits).slice(0, settles),
      leases: held.map(({ lease: { roomId, core, epoch } }) => ({ roomId, core, epoch })),
    });
  }

  beaten(beat: Heartbeat, atMs: number): void {
    this.beats.set(beat.nodeId, { beat, atMs });
    for (const room of this.rooms.values())
      if (room.lease.incarnation === beat.incarnation)
        room.openDebits = room.openDebits.filter((id) => !beat.settledDebits.includes(id));
  }

  placed({ lease, isNew, debitId }: Placement, withPeer: boolean): void {
    const known = this.rooms.get(lease.roomId);
    const room = isNew || !known ? { lease, peers: 0, openDebits: [] } : known;
    this.rooms.set(lease.roomId, room);
    if (!withPeer) return;
    room.peers += 1;
    room.openDebits.push(debitId);
  }

  isAlive(nodeId: string, nowMs: number): boolean {
    return nowMs - (this.beats.get(nodeId)?.atMs ?? Number.NEGATIVE_INFINITY) <= DEFAULT_POLICY.nodeTtlMs;
  }

  /** @returns 0..1: what is promised and not settled, and what young rooms may still grow by. */
  debitOf(nodeId: string, core: number): number {
    const { peerCostPpm, roomCostPpm } = DEFAULT_POLICY;
    const here = [...this.rooms.values()].filter((r) => r.lease.nodeId === nodeId && r.lease.core === core);
    const ppm = here.map(
      (r) => r.openDebits.length * peerCostPpm + Math.max(0, roomCostPpm - r.peers * peerCostPpm),
    );
    return fromPpm(ppm.reduce((sum, each) => sum + each, 0));
  }
}

type Excluded = NonNullable<PlaceRequest["exclude"]>;

/** @returns Why a new room must not be on this core, or null. Asked before the placement is noted. */
export function faultOf(
  model: RegistryModel,
  { nodeId, core }: { nodeId: string; core: number },
  exclude: Excluded,
  nowMs: number,
): string | null {
  const beat = model.beats.get(nodeId)?.beat;
  const advert = beat?.cores.find((other) => other.core === core);
  if (!beat || !advert || !model.isAlive(nodeId, nowMs)) return "dead";
  if (beat.state === "draining") return "draining";
  if (!advert.usable) return "unusable";
  if (exclude.some((other) => other.nodeId === nodeId && other.core === core)) return "excluded";
  const loadAfter = advert.cpuLoad + model.debitOf(nodeId, core) + fromPpm(DEFAULT_POLICY.roomCostPpm);
  return loadAfter >= fromPpm(DEFAULT_POLICY.fullPpm) ? "full" : null;
}

/** @returns Whether any core of any node may take a new room. */
export function hasCapacity(model: RegistryModel, exclude: Excluded, nowMs: number): boolean {
  const cores = NODES.flatMap((nodeId) => [0, 1].map((core) => ({ nodeId, core })));
  return cores.some((core) => faultOf(model, core, exclude, nowMs) === null);
}
