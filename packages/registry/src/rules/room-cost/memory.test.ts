import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../policy.ts";
import { expectedCostPpm } from "./memory.ts";

describe("what a new room is expected to come to", () => {
  it.each<[what: string, learnedPpm: number | null, peers: number, ppm: number]>([
    ["the default until something was learned", null, 0, 12_000],
    ["what was learned", 22_500, 0, 22_500],
    ["what the peers cost that it had before", 22_500, 10, 40_000],
    ["not less than a room costs", 500, 0, 2_000],
    ["not more than a core could bear", null, 500, 250_000],
  ])("%s", (_, learnedPpm, peers, ppm) => {
    expect(expectedCostPpm(learnedPpm, peers, DEFAULT_POLICY)).toBe(ppm);
  });
});
