import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STRATEGY_NAMES } from "../../simulation/strategies/create-strategy.ts";
import { quantile } from "../quantiles.ts";
import { packBlindly } from "./blind-packing.ts";
import { DEFAULTS } from "./burst-bench.ts";
import { type Age, comparePackers } from "./compare-packers.ts";
import { BURSTS, drawTraces } from "./draw-traces.ts";
import { packIdeally } from "./ideal-packing.ts";
import { readTraces } from "./read-traces.ts";

describe("the committed traces", () => {
  it.each(BURSTS)("$name is what the generator draws", (burst) => {
    expect(readTraces(burst.name)).toEqual(drawTraces(burst));
  });

  it.each(BURSTS)("$name has just so many joins within the burst, and others after it", (burst) => {
    for (const { rooms } of readTraces(burst.name).traces) {
      const joinsMs = rooms.flat();
      expect(joinsMs.filter((atMs) => atMs < burst.burstMs).length).toBe(burst.joins);
      expect(joinsMs.length).toBeGreaterThan(burst.joins);
      expect(rooms.every(([opensMs = Number.NaN]) => opensMs < burst.burstMs)).toBe(true);
    }
  });
});

describe("packings", () => {
  it("the ideal one swaps rooms where the largest-first rule alone would not do", () => {
    expect(packIdeally(new Float64Array(2), [3, 3, 2, 2, 2])).toEqual({ peakPpm: 6, floorPpm: 6 });
  });

  it("the ideal one puts the largest room on the idlest core", () => {
    expect(packIdeally(Float64Array.of(5, 1, 4), [6, 1])).toEqual({ peakPpm: 7, floorPpm: 7 });
  });

  it("the blind one takes every room for an average one", () => {
    // Of 3 each: two on the first core, the third on the second, though that turns out to be the fuller one.
    expect(packBlindly(Float64Array.of(0, 3), [1, 1, 7])).toBe(10);
  });

  it("no ideal one goes below its floor, nor above one core for all", () => {
    const loads = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(loads, loads, (base, rooms) => {
        const { peakPpm, floorPpm } = packIdeally(Float64Array.from(base), rooms);
        expect(peakPpm).toBeGreaterThanOrEqual(Math.floor(floorPpm));
        expect(peakPpm).toBeLessThanOrEqual(Math.max(...base) + rooms.reduce((sum, room) => sum + room, 0));
      }),
    );
  });
});

describe("500 joins in 10 s, ten seeds", () => {
  it.each<Age>(["fresh", "stale"])(
    "with %s adverts ours keeps the fullest core lower than any other",
    async (age) => {
      const burst = readTraces("500-in-10s");
      const seeds = Array.from({ length: 10 }, (_, index) => index + 1);
      const ratios = await Promise.all(
        seeds.map((seed) => comparePackers(burst, { age, range: DEFAULTS, seed })),
      );
      const medians = STRATEGY_NAMES.map((name) => ({
        name,
        median: quantile(
          ratios.map((ratio) => ratio[name]),
          0.5,
        ),
      }));
      const [best] = medians.sort((a, b) => a.median - b.median);
      expect(best?.name).toBe("ours");
      expect(best?.median).toBeLessThan(age === "fresh" ? 1.25 : 1.35);
      // Nobody packs better than ideally.
      expect(Math.min(...ratios.flatMap((ratio) => Object.values(ratio)))).toBeGreaterThanOrEqual(1);
    },
  );
});
