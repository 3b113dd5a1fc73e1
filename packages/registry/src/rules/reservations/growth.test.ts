import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../policy.ts";
import { growthPpm } from "./memory.ts";

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
