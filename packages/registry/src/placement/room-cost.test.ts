import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "./placement-policy.ts";
import { expectedCostPpm, growthPpm } from "./room-cost.ts";

const policy = { ...DEFAULT_POLICY, peerCostPpm: 4_000, reservationMs: 120_000 };

describe("what a young room is expected to grow by", () => {
  it.each<[ageS: number, peers: number, ppm: number]>([
    [0, 0, 12_000],
    [0, 1, 8_000],
    [0, 2, 4_000],
    [0, 3, 0],
    [0, 9, 0],
    [60, 0, 12_000],
    [60, 1, 8_000],
    [90, 0, 6_000],
    [90, 1, 2_000],
    [90, 2, 0],
    [119, 0, 192],
    [120, 0, 0],
    [500, 0, 0],
  ])("at %i s with %i peers: %i ppm", (ageS, peers, ppm) => {
    expect(growthPpm({ ageMs: ageS * 1_000, peers, costPpm: 12_000 }, policy)).toBe(ppm);
  });

  it("is an integer at every age, so that sums do not depend on their order", () => {
    for (let ageMs = 0; ageMs <= 130_000; ageMs += 37)
      expect(Number.isInteger(growthPpm({ ageMs, peers: 1, costPpm: 12_000 }, policy))).toBe(true);
  });
});

describe("what a new room is expected to come to", () => {
  it.each<[what: string, learnedPpm: number | null, peers: number, ppm: number]>([
    ["the default until something was learned", null, 0, 12_000],
    ["what was learned", 22_500, 0, 22_500],
    ["what the peers cost that it had before", 22_500, 10, 40_000],
    ["not less than a room costs", 500, 0, 2_000],
    ["not more than a core could bear", null, 500, 250_000],
  ])("%s", (_, learnedPpm, peers, ppm) => {
    expect(expectedCostPpm(learnedPpm, peers, policy)).toBe(ppm);
  });
});
