import type { LoadDistribution } from "../measure-loads.ts";
import type { StrategyResult } from "../simulate-strategy.ts";

/** One strategy in one line. Loads: 1 = a whole core; the highest of the whole course unless it says otherwise. */
export type Summary = {
  p50: number;
  p95: number;
  p99: number;
  max: number;
  /** %, of the cores, on average over the course, and at the worst moment. */
  meanAbove80: number;
  worstAbove80: number;
  worstOverCapacity: number;
  joins: number;
  refused: number;
  missed: number;
  orphaned: number;
  replaced: number;
  /** Half of the rooms of dead nodes were served again after this, and all, s. */
  downP50S: number;
  downMaxS: number;
};

export function summaryOf({ series, outcome, downS }: StrategyResult): Summary {
  const worst = (key: keyof LoadDistribution) => Math.max(...series.map((loads) => loads[key]));
  const mean = series.reduce((sum, { above80 }) => sum + above80, 0) / series.length;
  return {
    p50: rounded(worst("p50")),
    p95: rounded(worst("p95")),
    p99: rounded(worst("p99")),
    max: rounded(worst("max")),
    meanAbove80: rounded(100 * mean),
    worstAbove80: rounded(100 * worst("above80")),
    worstOverCapacity: rounded(100 * worst("overCapacity")),
    ...outcome,
    downP50S: downS.p50,
    downMaxS: downS.max,
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
