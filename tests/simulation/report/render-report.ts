import type { ClusterSize } from "../cluster/cluster.ts";
import type { StrategyResult } from "../simulate-strategy.ts";
import type { Course } from "../workload/course.ts";
import { plotHistogram } from "./histogram-plot.ts";
import { STRATEGY_STYLE } from "./strategy-style.ts";
import { STYLE } from "./style.ts";
import { renderSummaries } from "./summary-table.ts";
import { plotOverTime, plotSpread } from "./time-plots.ts";

/** One course through one cluster, by each strategy. */
export type ReportedRun = { size: ClusterSize; course: Course; results: StrategyResult[] };

/** @returns A page that needs nothing else. */
export function renderReport(runs: readonly ReportedRun[], seed: number): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Placement, simulated</title><style>${STYLE}</style></head><body>
<h1>Placement, simulated</h1>
<p>The same rooms, bursts and deaths come to a cluster under each strategy. Rooms open with one peer, grow to a few or many within
minutes, shrink and end. Load is what a core would need: 1 is a whole core. Every peer is let in, so overload shows as load
rather than as refused joins; a room is refused where no core is below 0.9 by what the strategy knows. Adverts are one second old.</p>
<p class="faint">Seed ${seed}. The fullest cores bear one very large meeting as a rule, which nobody knows beforehand.</p>
${renderLegend()}
${runs.map(renderRun).join("\n")}
</body></html>
`;
}

function renderRun({ size, course, results }: ReportedRun): string {
  const { nodes, coresPerNode } = size;
  const [first] = results;
  const many = (count: number) => count.toLocaleString("en");
  return `<section><h2>${many(nodes)} nodes × ${coresPerNode} cores</h2>
<p class="faint">${course.durationMs / 60_000} minutes, ${many(first?.outcome.joins ?? 0)} joins, ${many(first?.rooms ?? 0)} rooms at the end,
${many(course.deaths.reduce((sum, death) => sum + death.nodes, 0))} nodes die</p>
<div class="plots">
${plotOverTime("99 % of the cores are below", "p99", course, results)}
${plotOverTime("The fullest core", "max", course, results)}
${plotOverTime("Cores above 0.8", "above80", course, results)}
${plotHistogram(results)}
</div>
<p class="faint">Loads, and shares of the cores, each at its worst moment, but for the mean:</p>
${renderSummaries(results)}
<p class="faint spread">How the cores spread: half of them are below the line, 95 % below the darker area's edge, 99 % below the lighter one's;
the dashes are the fullest core.</p>
<div class="plots fans">
${results.map((result) => plotSpread(course, result)).join("\n")}
</div></section>`;
}

function renderLegend(): string {
  const strategies = Object.entries(STRATEGY_STYLE).map(
    ([name, { label }]) => `<li class="${name}"><i></i>${label}</li>`,
  );
  return `<ul class="legend">${strategies.join("")}
<li><i class="burst"></i>burst of new rooms</li><li><i class="death"></i>nodes die</li></ul>`;
}
