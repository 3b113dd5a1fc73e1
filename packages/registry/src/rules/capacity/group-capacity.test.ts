import type { GroupCapacity } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../policy.ts";
import { addCount, newCounts } from "./counts.ts";
import { type GroupRecord, groupCapacityOf } from "./group-capacity.ts";

const NOW_MS = 1_800_000_055_000;
const LONG_AGO_MS = NOW_MS - 3_600_000;
const BELOW_MS = NOW_MS - DEFAULT_POLICY.belowForMs;

type Given = Partial<GroupRecord> & {
  /** Cores in use. */
  demand?: number;
  /** So many rooms a second, for so long. */
  roomsPerS?: number;
  forS?: number;
  refusedAgoMs?: number[];
  roomCostPpm?: number;
  aliveFloorMs?: number;
};

/** Ten ready nodes of ten cores each that all have rooms, unless given otherwise. */
function capacityOf(given: Given = {}): GroupCapacity {
  const { demand = 50, roomsPerS = 0, forS = 0, refusedAgoMs = [], aliveFloorMs = 0, ...record } = given;
  const { roomCostPpm = 12_000, ready = 10, draining = 0, ...more } = record;
  const arrivals = newCounts();
  for (let agoMs = forS * 1_000; agoMs > 0 && roomsPerS > 0; agoMs -= 1_000 / roomsPerS)
    addCount(arrivals, NOW_MS - agoMs, DEFAULT_POLICY);
  const refusals = newCounts();
  for (const agoMs of refusedAgoMs) addCount(refusals, NOW_MS - agoMs, DEFAULT_POLICY);
  const full: GroupRecord = {
    group: "eu",
    ...{
      nodes: ready + draining,
      ready,
      draining,
      withRooms: ready,
      cores: 10 * ready,
      drainingCores: 10 * draining,
    },
    ...{ demandPpm: demand * 1_000_000, slots: 1_000, largestNodeCores: 10, cameAtMs: LONG_AGO_MS },
    ...{ peers: 0, mostPeers: 1_000_000 * ready, onBus: ready },
    ...{ belowSinceMs: null, arrivals, refusals, refused: refusedAgoMs.length, cheapest: null },
    ...more,
  };
  return groupCapacityOf(full, { nowMs: NOW_MS, aliveFloorMs, roomCostPpm }, DEFAULT_POLICY);
}

/** Below for long enough. */
const calm = { belowSinceMs: BELOW_MS };

describe("how many nodes a group needs", () => {
  it.each<[what: string, given: Given, needed: number, why: string]>([
    ["its load takes six tenths of them", { demand: 61 }, 11, "demand"],
    ["exactly as many", { demand: 60 }, 10, "demand"],
    ["those that drain carry load, and are not ready", { demand: 50, ready: 5, draining: 5 }, 9, "demand"],
    ["the largest may die", { demand: 36, largestNodeCores: 70, ...calm }, 11, "largest_node"],
    ["two at least", { demand: 0, ready: 1 }, 2, "minimum"],
    ["two at least, of an empty group too", { demand: 0, ready: 0, draining: 1 }, 2, "minimum"],
    ["a joiner was refused", { refusedAgoMs: [1_000] }, 11, "refusals"],
    [
      "the refusals were before the newest came",
      { refusedAgoMs: [25_000], cameAtMs: NOW_MS - 5_000 },
      10,
      "hysteresis",
    ],
    ["or just before", { refusedAgoMs: [14_000], cameAtMs: NOW_MS - 12_000 }, 10, "hysteresis"],
    ["they go on after it", { refusedAgoMs: [14_000, 3_000], cameAtMs: NOW_MS - 12_000 }, 11, "refusals"],
    ["there is no room for twenty rooms", { slots: 19 }, 11, "slots"],
    ["nor for what comes", { slots: 100, roomsPerS: 5, forS: 300 }, 11, "arrivals"],
    [
      "rooms come so fast that they need one before it has started",
      { demand: 59, roomsPerS: 30, forS: 300, slots: 9_999 },
      12,
      "arrivals",
    ],
    ["and ever faster", { demand: 59, roomsPerS: 30, forS: 55, slots: 9_999 }, 17, "arrivals"],
    ["fewer would do, but not for long yet", { demand: 20 }, 10, "hysteresis"],
    ["fewer would do for nearly long enough", { demand: 20, belowSinceMs: BELOW_MS + 1 }, 10, "hysteresis"],
    ["fewer would do for long enough: half of them is taken then", { demand: 17, ...calm }, 4, "hysteresis"],
    ["no silence counts from before", { demand: 20, ...calm, aliveFloorMs: BELOW_MS + 1 }, 10, "hysteresis"],
    [
      "nodes without cores carry nothing",
      { demand: 0, cores: 0, slots: 0, largestNodeCores: 0, ...calm },
      11,
      "slots",
    ],
  ])("%s", (_, given, needed, why) => {
    const { neededNodes, wantedFor, wantedNodes } = capacityOf({ withRooms: 0, ...given });
    expect({ neededNodes, wantedFor, wantedNodes }).toEqual({
      neededNodes: needed,
      wantedFor: why,
      wantedNodes: needed,
    });
  });

  it("whoever can't choose which one goes wants none to go while it has rooms", () => {
    const told = capacityOf({ demand: 20, ready: 9, draining: 1, withRooms: 8, ...calm });
    expect(told).toMatchObject({ neededNodes: 4, wantedNodes: 8, wantedFor: "rooms" });
  });
});

describe("what is told besides", () => {
  it("is what the record says, in cores and by the registry's clock", () => {
    const cheapest = { nodeId: "a", incarnation: "a-run-1", rooms: 3, peers: 9, group: "eu" };
    expect(
      capacityOf({ draining: 2, refusedAgoMs: [300_000, 10_000], roomsPerS: 1, forS: 300, cheapest }),
    ).toMatchObject({
      group: "eu",
      atMs: NOW_MS,
      nodes: { ready: 10, draining: 2, withRooms: 10, lastCameAtMs: LONG_AGO_MS },
      ...{ cores: 100, largestNodeCores: 10, demandCores: 50, roomSlots: 1_000 },
      arrivals: { lastMinute: 55, trendPerS: expect.closeTo(0, 9) },
      refusedJoins: { lastMinute: 1, total: 2 },
      cheapestToEmpty: { nodeId: "a", incarnation: "a-run-1", rooms: 3, peers: 9 },
    });
  });

  it("rooms that come faster than before have a trend, and those that come no more one that falls", () => {
    expect(capacityOf({ roomsPerS: 2, forS: 50 }).arrivals.trendPerS).toBeCloseTo(100 / 55, 1);
    const { lastMinute, trendPerS } = capacityOf({ roomsPerS: 0 }).arrivals;
    expect([lastMinute, trendPerS]).toEqual([0, 0]);
  });
});
