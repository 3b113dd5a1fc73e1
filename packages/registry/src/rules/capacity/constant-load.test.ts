import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../policy.ts";
import { addCount, type Counts, newCounts } from "./counts.ts";
import { carriesWithout } from "./fewer-nodes.ts";
import { type GroupRecord, groupCapacityOf } from "./group-capacity.ts";

const { fullPpm, costBoundsPpm, reserveRooms, unlimitedPeers } = DEFAULT_POLICY;
const NOW_MS = 1_800_000_055_000;
const LONG_AGO_MS = NOW_MS - 3_600_000;

/** A group under a load that stays: nodes by how many cores they have. */
type Constant = {
  ready: readonly number[];
  draining?: readonly number[];
  loadPpm: number;
  roomCostPpm: number;
  peers?: number;
  maxPeers?: number;
  arrivals?: Counts;
  nowMs?: number;
  /** How the load lies on the cores; evenly unless given. */
  weights?: readonly number[];
};

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

function recordOf(given: Constant): GroupRecord {
  const { ready, draining = [], loadPpm, roomCostPpm, peers = 0, maxPeers = unlimitedPeers } = given;
  const cores = sumOf(ready);
  const weights = Array.from({ length: cores }, (_, core) => given.weights?.[core] ?? 1);
  const all = sumOf(weights);
  const freeOn = (weight: number) =>
    Math.max(0, Math.floor((fullPpm - Math.floor((loadPpm * weight) / all)) / roomCostPpm));
  const slots = sumOf(weights.map(freeOn));
  const nodes = ready.length + draining.length;
  return {
    ...{ group: "eu", nodes, ready: ready.length, draining: draining.length, withRooms: nodes },
    ...{ cores, drainingCores: sumOf(draining), demandPpm: loadPpm },
    slots: Math.max(0, Math.min(slots, ready.length * maxPeers - peers)),
    ...{ peers, mostPeers: ready.length * maxPeers, onBus: ready.length },
    ...{ largestNodeCores: Math.max(0, ...ready), cameAtMs: LONG_AGO_MS },
    ...{ arrivals: given.arrivals ?? newCounts(), refusals: newCounts(), refused: 0, cheapest: null },
    belowSinceMs: LONG_AGO_MS,
  };
}

/** As if it had been below for long at any time: the hardest case. */
function advice(given: Constant): number {
  const moment = { nowMs: given.nowMs ?? NOW_MS, aliveFloorMs: 0, roomCostPpm: given.roomCostPpm };
  const { neededNodes } = groupCapacityOf(recordOf(given), moment, DEFAULT_POLICY);
  return Math.sign(neededNodes - given.ready.length);
}

function isBelow(given: Constant): boolean {
  const reserve = { rooms: reserveRooms, roomCostPpm: given.roomCostPpm };
  return carriesWithout(1, recordOf(given), reserve, DEFAULT_POLICY);
}

function arrivalsAt(roomsPerS: number): Counts {
  const arrivals = newCounts();
  for (let agoMs = 300_000; agoMs > 0 && roomsPerS > 0; agoMs -= 1_000 / roomsPerS)
    addCount(arrivals, NOW_MS - agoMs, DEFAULT_POLICY);
  return arrivals;
}

/** Takes the advice, a node at a time, until there is none. @returns Each step's direction. */
function follow(given: Constant, choose: (step: number) => { node: number; weights: readonly number[] }) {
  let [ready, draining] = [[...given.ready], [...(given.draining ?? [])]];
  const steps: number[] = [];
  for (let step = 0; step < 40; step += 1) {
    const { node, weights } = choose(step);
    const direction = advice({ ...given, ready, draining, weights });
    if (direction === 0) break;
    steps.push(direction);
    const [cores = 0] = direction < 0 ? ready.splice(node % ready.length, 1) : draining.splice(0, 1);
    if (direction < 0) draining = [...draining, cores];
    else ready = [...ready, cores || (given.ready[step % given.ready.length] ?? 1)];
  }
  return steps;
}

describe("a group under a load that stays", () => {
  it("three nodes of four cores, a third of a core in large rooms: the one that would be wanted back does not go", () => {
    const given = { ready: [4, 4, 4], loadPpm: 1_320_000, roomCostPpm: 250_000 };
    expect([advice(given), advice({ ...given, ready: [4, 4], draining: [4] })]).toEqual([0, 1]);
  });

  it("nodes that take so many peers: none goes whose peers the others can't take", () => {
    const given = { ready: Array<number>(10).fill(10), loadPpm: 20_000_000, roomCostPpm: 12_000 };
    expect(advice(given)).toBe(-1);
    const capped = { ...given, maxPeers: 200, peers: 1_700, arrivals: arrivalsAt(1.2) };
    expect([advice(capped), isBelow(capped)]).toEqual([0, false]);
  });

  it("of any cost, nodes, cores, and rate of arrivals: no node that went is wanted back", () => {
    const rates = [0, 0.2, 1, 5].map((rate) => ({ rate, arrivals: arrivalsAt(rate) }));
    let gone = 0;
    for (const nodes of [3, 4, 5, 20])
      for (const cores of [2, 4, 16])
        for (const roomCostPpm of costBoundsPpm)
          for (let percent = 0; percent < 50; percent += 3)
            for (const { rate, arrivals } of rates) {
              const loadPpm = nodes * cores * percent * 10_000;
              const given = { ready: Array<number>(nodes).fill(cores), loadPpm, roomCostPpm, arrivals };
              if (advice(given) >= 0) continue;
              gone += 1;
              const after = { ...given, ready: given.ready.slice(1), draining: [cores] };
              if (advice(after) > 0) expect({ nodes, cores, roomCostPpm, percent, rate }).toBe("stays");
            }
    expect(gone).toBeGreaterThan(1_000);
  });

  const size = fc.constantFrom(1, 2, 4, 8, 16, 64);
  const alike = fc.record({
    ready: fc.tuple(fc.integer({ min: 1, max: 12 }), size).map(([nodes, cores]) => Array(nodes).fill(cores)),
    maxPeers: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
  });
  const mixed = fc.record({ ready: fc.array(size, { minLength: 1, maxLength: 12 }) });
  const group = fc.record({
    nodes: fc.oneof(alike, mixed),
    load: fc.integer({ min: 0, max: 1_200 }),
    peerShare: fc.integer({ min: 0, max: 1_000 }),
    roomCostPpm: fc.oneof(fc.constantFrom(...costBoundsPpm), fc.integer({ min: 2_000, max: 250_000 })),
    rate: fc.constantFrom(0, 0, 0.1, 0.5, 2, 5),
    lies: fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 64 }), {
      minLength: 1,
      maxLength: 4,
    }),
    chosen: fc.array(fc.nat({ max: 11 }), { minLength: 1, maxLength: 8 }),
  });

  it("random nodes, wherever rooms lie, whichever node goes: taking the advice never leads back", () => {
    let taken = 0;
    fc.assert(
      fc.property(group, ({ nodes, load, peerShare, roomCostPpm, rate, lies, chosen }) => {
        const { ready, maxPeers } = { maxPeers: undefined, ...nodes };
        const loadPpm = sumOf(ready) * load * 1_000;
        const peers = Math.floor((peerShare * ready.length * (maxPeers ?? 0)) / 1_000);
        const given = { ready, maxPeers, loadPpm, peers, roomCostPpm, arrivals: arrivalsAt(rate) };
        const steps = follow(given, (step) => ({
          node: chosen[step % chosen.length] ?? 0,
          weights: maxPeers === undefined ? (lies[step % lies.length] ?? []) : [],
        }));
        taken += steps.length > 1 ? 1 : 0;
        expect(new Set(steps).size).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(300);
  });

  it.each([
    { nodes: 6, cores: 8, perS: 1.2, roomS: 150, roomCostPpm: 112_500 },
    { nodes: 10, cores: 8, perS: 2, roomS: 180, roomCostPpm: 112_500 },
    { nodes: 5, cores: 4, perS: 3, roomS: 120, roomCostPpm: 22_500 },
    { nodes: 8, cores: 4, perS: 8, roomS: 120, roomCostPpm: 15_000 },
  ])(
    "rooms that come by chance, $perS a second: in three hours no node is wanted back",
    ({ nodes, cores, ...rooms }) => {
      const { perS, roomS, roomCostPpm } = rooms;
      const random = seeded(7);
      const arrivals = newCounts();
      const loadPpm = perS * roomS * roomCostPpm;
      const steps: number[] = [];
      let ready = nodes;
      for (let s = -300; s < 3 * 3_600; s += 5) {
        const nowMs = NOW_MS + s * 1_000;
        for (let room = 0; room < 20 * perS; room += 1)
          if (random() < 1 / 4) addCount(arrivals, nowMs, DEFAULT_POLICY);
        const given = { ready: Array<number>(ready).fill(cores), loadPpm, roomCostPpm, arrivals, nowMs };
        const direction = s < 0 ? 0 : advice(given);
        if (direction !== 0) steps.push(direction);
        ready += direction;
      }
      expect(new Set(steps).size).toBeLessThanOrEqual(1);
    },
  );
});

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
