import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY, toPpm } from "../policy.ts";
import { CostHistogram, expectedCostPpm, neededPpm } from "./memory.ts";

describe("what a new room is expected to come to", () => {
  it.each<[what: string, learnedPpm: number, peers: number, ppm: number]>([
    ["what was learned", 22_500, 0, 22_500],
    ["what the peers cost that it had before", 22_500, 10, 40_000],
    ["not less than a room costs", 500, 0, 2_000],
    ["not more than a core could bear", 12_000, 500, 250_000],
  ])("%s", (_, learnedPpm, peers, ppm) => {
    expect(expectedCostPpm(learnedPpm, peers, DEFAULT_POLICY)).toBe(ppm);
  });

  it("the policy's guess stands for rooms that are missing, so the first small ones count already", () => {
    const costs = new CostHistogram(DEFAULT_POLICY);
    const after = (rooms: number, load: number) => {
      for (let room = 0; room < rooms; room += 1) costs.observe(toPpm(load));
      return costs.p75Ppm();
    };
    expect([after(0, 0), after(14, 0.001), after(1, 0.001), after(5, 0.001)]).toEqual([
      12_000, 12_000, 2_000, 2_000,
    ]);
    expect(after(7, 0.1)).toBe(112_500);
  });
});

it("a room needs room for the peers that come with it, at least for one", () => {
  expect([0, 1, 10, 500].map((peers) => neededPpm(peers, DEFAULT_POLICY))).toEqual([
    4_000, 4_000, 40_000, 250_000,
  ]);
});
