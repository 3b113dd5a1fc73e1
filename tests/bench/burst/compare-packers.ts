import { type BaseRange, drawBase } from "../../simulation/cluster/draw-base.ts";
import { STRATEGY_NAMES } from "../../simulation/strategies/create-strategy.ts";
import type { StrategyName } from "../../simulation/strategies/strategy.ts";
import { packBlindly } from "./blind-packing.ts";
import type { BurstTraces } from "./burst-trace.ts";
import { packIdeally } from "./ideal-packing.ts";
import { finalLoadsPpm, runBurst } from "./run-burst.ts";

/** How old adverts are. */
const AGES_MS = { fresh: 1_000, stale: 10_000 };
export type Age = keyof typeof AGES_MS;

export type Packer = StrategyName | "blind";
export const PACKERS: readonly Packer[] = [...STRATEGY_NAMES, "blind"];

/** Peak core load ÷ that of the ideal packing. */
export type Ratios = Record<Packer, number>;

/** The seed chooses the trace and the nodes' load before it, alike for all. */
export async function comparePackers(
  { traces, burstMs }: BurstTraces,
  { age, range, seed }: { age: Age; range: BaseRange; seed: number },
): Promise<Ratios> {
  const trace = traces[seed % traces.length];
  if (!trace) throw new Error("no trace");
  const base = drawBase(range, seed);
  const rooms = finalLoadsPpm(trace);
  const { peakPpm } = packIdeally(base, rooms);
  const run = { trace, burstMs, base, seed, advertAgeMs: AGES_MS[age], coresPerNode: range.coresPerNode };
  const peaks = PACKERS.map(async (packer) =>
    packer === "blind" ? packBlindly(base, rooms) : await runBurst(packer, run),
  );
  return toRatios((await Promise.all(peaks)).map((peak) => peak / peakPpm));
}

/** @returns Load of the fullest core where ours fills nodes, 0..1. @throws {Error} A room was refused. */
export async function fillNodes(
  { traces, burstMs }: BurstTraces,
  { age, range, seed }: { age: Age; range: BaseRange; seed: number },
): Promise<number> {
  const trace = traces[seed % traces.length];
  if (!trace) throw new Error("no trace");
  const base = drawBase(range, seed);
  const run = { trace, burstMs, base, seed, advertAgeMs: AGES_MS[age], coresPerNode: range.coresPerNode };
  return (await runBurst("ours", { ...run, fills: true })) / 1_000_000;
}

/** @param ratios In the order of `PACKERS`. */
export function toRatios(ratios: number[]): Ratios {
  return Object.fromEntries(PACKERS.map((packer, index) => [packer, ratios[index] ?? Number.NaN])) as Ratios;
}
