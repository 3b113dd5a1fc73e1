import { HISTOGRAM_STEP, type StrategyResult } from "../simulate-strategy.ts";
import { drawLine, drawPlot, type Point } from "./draw-plot.ts";

/** How many cores have which load, each strategy at its worst moment. */
export function plotHistogram(results: readonly StrategyResult[]): string {
  const bins = results[0]?.histogram.shares.length ?? 0;
  const x = { from: 0, to: bins * HISTOGRAM_STEP };
  const highest = Math.max(...results.flatMap(({ histogram }) => histogram.shares));
  const y = { from: 0, to: highest * 1.05 };
  const marks = results
    .toReversed()
    .map(({ strategy, histogram }) => drawLine(stepsOf(histogram.shares), { x, y }, `line ${strategy}`));
  return drawPlot({
    title: "Cores by load, when the fullest hundredth of them was fullest",
    note: `Share of the cores in steps of ${HISTOGRAM_STEP}; the last also has all beyond`,
    x,
    y,
    marks: marks.join(""),
    xLabel: (load) => load.toFixed(1),
    yLabel: (share) => `${Math.round(share * 100)} %`,
  });
}

function stepsOf(shares: readonly number[]): Point[] {
  return shares.flatMap((y, bin) => [
    { x: bin * HISTOGRAM_STEP, y },
    { x: (bin + 1) * HISTOGRAM_STEP, y },
  ]);
}
