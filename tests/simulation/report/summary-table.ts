import type { StrategyResult } from "../simulate-strategy.ts";
import { STRATEGY_STYLE } from "./strategy-style.ts";
import { type Summary, summaryOf } from "./summary.ts";

const COLUMNS: { key: keyof Summary; head: string; digits: number }[] = [
  { key: "p50", head: "half of the cores below", digits: 2 },
  { key: "p95", head: "95 % below", digits: 2 },
  { key: "p99", head: "99 % below", digits: 2 },
  { key: "max", head: "fullest core", digits: 2 },
  { key: "meanAbove80", head: "above 0.8, mean %", digits: 2 },
  { key: "worstAbove80", head: "above 0.8, worst %", digits: 2 },
  { key: "worstOverCapacity", head: "over a whole core, worst %", digits: 2 },
  { key: "refused", head: "joins refused", digits: 0 },
  { key: "missed", head: "joins sent to a dead node", digits: 0 },
  { key: "orphaned", head: "rooms of dead nodes", digits: 0 },
  { key: "replaced", head: "of them placed anew", digits: 0 },
  { key: "downP50S", head: "down for, median s", digits: 1 },
  { key: "downMaxS", head: "down for, longest s", digits: 1 },
];

/** One row a strategy. */
export function renderSummaries(results: readonly StrategyResult[]): string {
  const head = COLUMNS.map((column) => `<th scope="col">${column.head}</th>`).join("");
  const rows = results.map((result) => {
    const summary = summaryOf(result);
    const cells = COLUMNS.map(({ key, digits }) => `<td>${format(summary[key], digits)}</td>`).join("");
    const { label } = STRATEGY_STYLE[result.strategy];
    return `<tr class="${result.strategy}"><th scope="row">${label}</th>${cells}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr><th></th>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function format(value: number, digits: number): string {
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
