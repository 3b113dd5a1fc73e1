import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type BaseRange, drawBase } from "../../simulation/cluster/draw-base.ts";
import { STRATEGY_NAMES } from "../../simulation/strategies/create-strategy.ts";
import type { StrategyName } from "../../simulation/strategies/strategy.ts";
import { quantile, rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import { packBlindly } from "./blind-packing.ts";
import type { BurstTraces } from "./burst-trace.ts";
import { packIdeally } from "./ideal-packing.ts";
import { finalLoadsPpm, runBurst } from "./run-burst.ts";

const BURSTS = ["92-in-31s", "500-in-10s"];
const AGES_MS = { fresh: 1_000, stale: 10_000 };
const DEFAULTS = { seeds: 100, nodes: 12, coresPerNode: 8, fromPercent: 10, toPercent: 50 };

type Packer = StrategyName | "blind";
/** Peak core load ÷ that of the ideal packing. */
type Ratios = Record<Packer, number>;
type Age = keyof typeof AGES_MS;

const PACKERS: readonly Packer[] = [...STRATEGY_NAMES, "blind"];

/** Rooms that all come at once, and grow later: how full does the fullest core get? */
export async function runBurstBench(args: string[]): Promise<Record<string, unknown>> {
  const { seeds, ...range } = readCounts(args, DEFAULTS);
  const fresh = await measure("fresh", range, seeds);
  const stale = await measure("stale", range, seeds);
  console.table({ ...rowsOf("fresh", fresh), ...rowsOf("stale", stale) });
  const worst = { fresh: worstOf(fresh), stale: worstOf(stale) };
  const medians = (ratios: Ratios[]) => summarize(ratios, 0.5);
  return {
    peakOverIdeal: { fresh: medians(worst.fresh), stale: medians(worst.stale) },
    p95: { fresh: summarize(worst.fresh, 0.95), stale: summarize(worst.stale, 0.95) },
    bursts: { fresh: mapValues(fresh, medians), stale: mapValues(stale, medians) },
    seeds,
  };
}

/** @param name Of a file in `traces/`. */
export function readTraces(name: string): BurstTraces {
  return JSON.parse(readFileSync(join(import.meta.dirname, "traces", `${name}.json`), "utf8"));
}

/** @returns By burst the ratios of each seed. */
async function measure(age: Age, range: BaseRange, seeds: number): Promise<Record<string, Ratios[]>> {
  const byBurst: Record<string, Ratios[]> = {};
  for (const burst of BURSTS.map(readTraces)) {
    byBurst[burst.name] = [];
    for (let seed = 1; seed <= seeds; seed += 1)
      byBurst[burst.name]?.push(await runSeed(burst, { age, range, seed }));
  }
  return byBurst;
}

/** The seed chooses the trace and the nodes' load before it, alike for all strategies. */
export async function runSeed(
  { traces, burstMs }: BurstTraces,
  { age, range, seed }: { age: Age; range: BaseRange; seed: number },
): Promise<Ratios> {
  const trace = traces[seed % traces.length];
  if (!trace) throw new Error("no trace");
  const base = drawBase(range, seed);
  const rooms = finalLoadsPpm(trace);
  const { peakPpm } = packIdeally(base, rooms);
  const run = { trace, burstMs, base, seed, advertAgeMs: AGES_MS[age], coresPerNode: range.coresPerNode };
  const ratioOf = async (packer: Packer) =>
    (packer === "blind" ? packBlindly(base, rooms) : await runBurst(packer, run)) / peakPpm;
  return mapPackers(await Promise.all(PACKERS.map(ratioOf)));
}

/** Of each seed the burst that went worse. */
function worstOf(byBurst: Record<string, Ratios[]>): Ratios[] {
  const [first = [], ...others] = Object.values(byBurst);
  return first.map((ratios, seed) =>
    mapPackers(
      PACKERS.map((packer) => Math.max(ratios[packer], ...others.map((o) => o[seed]?.[packer] ?? 0))),
    ),
  );
}

function summarize(ratios: Ratios[], share: number): Ratios {
  return mapPackers(
    PACKERS.map((packer) =>
      rounded(
        quantile(
          ratios.map((ratio) => ratio[packer]),
          share,
        ),
      ),
    ),
  );
}

/** @param ratios In the order of `PACKERS`. */
function mapPackers(ratios: number[]): Ratios {
  return Object.fromEntries(PACKERS.map((packer, index) => [packer, ratios[index] ?? Number.NaN])) as Ratios;
}

function mapValues<A, B>(record: Record<string, A>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

function rowsOf(age: Age, byBurst: Record<string, Ratios[]>) {
  return Object.fromEntries(
    Object.entries(byBurst).flatMap(([burst, ratios]) => [
      [`${burst} ${age} p50`, summarize(ratios, 0.5)],
      [`${burst} ${age} p95`, summarize(ratios, 0.95)],
    ]),
  );
}
