import type { BaseRange } from "../../simulation/cluster/draw-base.ts";
import { quantile, rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import { type Age, comparePackers, fillNodes, PACKERS, type Ratios, toRatios } from "./compare-packers.ts";
import { BURSTS } from "./draw-traces.ts";
import { readTraces } from "./read-traces.ts";

export const DEFAULTS = { seeds: 100, nodes: 12, coresPerNode: 8, fromPercent: 10, toPercent: 50 };

/** Of each seed the ratios, by burst. */
type ByBurst = Record<string, Ratios[]>;

/** Rooms that all come at once, and grow later: how full does the fullest core get? */
export async function runBurstBench(args: string[]): Promise<Record<string, unknown>> {
  const { seeds, ...range } = readCounts(args, DEFAULTS);
  const fresh = await measure("fresh", range, seeds);
  const stale = await measure("stale", range, seeds);
  console.table({ ...rowsOf("fresh", fresh), ...rowsOf("stale", stale) });
  const worst = { fresh: worseOf(fresh), stale: worseOf(stale) };
  return {
    peakOverIdeal: { fresh: summarize(worst.fresh, 0.5), stale: summarize(worst.stale, 0.5) },
    p95: { fresh: summarize(worst.fresh, 0.95), stale: summarize(worst.stale, 0.95) },
    bursts: { fresh: mediansOf(fresh), stale: mediansOf(stale) },
    filling: { fresh: await fillAll("fresh", range, seeds), stale: await fillAll("stale", range, seeds) },
    seeds,
  };
}

/** @returns Load of the fullest core, in the middle of all bursts and in the worst; how many of them had a room refused. */
async function fillAll(
  age: Age,
  range: BaseRange,
  seeds: number,
): Promise<{ peakP50: number; peakMost: number; refusing: number }> {
  const peaks: number[] = [];
  let refusing = 0;
  for (const burst of BURSTS.map(({ name }) => readTraces(name)))
    for (let seed = 1; seed <= seeds; seed += 1)
      await fillNodes(burst, { age, range, seed }).then(
        (peak) => peaks.push(peak),
        () => {
          refusing += 1;
        },
      );
  return { peakP50: rounded(quantile(peaks, 0.5)), peakMost: rounded(Math.max(...peaks)), refusing };
}

async function measure(age: Age, range: BaseRange, seeds: number): Promise<ByBurst> {
  const byBurst: ByBurst = {};
  for (const burst of BURSTS.map(({ name }) => readTraces(name))) {
    const ratios: Ratios[] = [];
    for (let seed = 1; seed <= seeds; seed += 1)
      ratios.push(await comparePackers(burst, { age, range, seed }));
    byBurst[burst.name] = ratios;
  }
  return byBurst;
}

/** Of each seed the burst that went worse, for each packer. */
function worseOf(byBurst: ByBurst): Ratios[] {
  const [first = [], ...others] = Object.values(byBurst);
  return first.map((ratios, seed) =>
    toRatios(
      PACKERS.map((packer) => Math.max(ratios[packer], ...others.map((other) => other[seed]?.[packer] ?? 0))),
    ),
  );
}

function summarize(ratios: readonly Ratios[], share: number): Ratios {
  const valuesOf = (packer: keyof Ratios) => ratios.map((ratio) => ratio[packer]);
  return toRatios(PACKERS.map((packer) => rounded(quantile(valuesOf(packer), share))));
}

function mediansOf(byBurst: ByBurst): Record<string, Ratios> {
  return Object.fromEntries(Object.entries(byBurst).map(([name, ratios]) => [name, summarize(ratios, 0.5)]));
}

function rowsOf(age: Age, byBurst: ByBurst): Record<string, Ratios> {
  const rows = Object.entries(byBurst).flatMap(([burst, ratios]) => [
    [`${burst} ${age} p50`, summarize(ratios, 0.5)] as const,
    [`${burst} ${age} p95`, summarize(ratios, 0.95)] as const,
  ]);
  return Object.fromEntries(rows);
}
