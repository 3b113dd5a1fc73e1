import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { readOptions } from "./read-options.ts";
import { type ReportedRun, renderReport } from "./report/render-report.ts";
import { summaryOf } from "./report/summary.ts";
import { simulateApart, type Task } from "./simulate-apart.ts";
import type { StrategyResult } from "./simulate-strategy.ts";
import { STRATEGY_NAMES } from "./strategies/create-strategy.ts";
import { planCourse } from "./workload/course.ts";

const { runs, seed, report } = readOptions(process.argv.slice(2));
const results = new Map<Task, StrategyResult>();

const tasks: Task[] = runs.flatMap(({ size, minutes }) => {
  const course = planCourse(size, minutes * 60_000);
  return STRATEGY_NAMES.map((strategy) => ({ strategy, size, course, seed }));
});

// The longest first, so that no thread is left alone with it at the end.
const waiting = tasks.toSorted((a, b) => b.size.nodes - a.size.nodes);
await Promise.all(Array.from({ length: availableParallelism() }, takeTurns));

const reported: ReportedRun[] = runs.map(({ size }) => {
  const own = tasks.filter((task) => task.size === size);
  const [first] = own;
  if (!first) throw new Error("no strategy");
  return { size, course: first.course, results: own.flatMap((task) => results.get(task) ?? []) };
});
for (const { size, results } of reported) {
  console.log(`\n${nameOf(size)}`);
  console.table(Object.fromEntries(results.map((result) => [result.strategy, summaryOf(result)])));
}
writeFileSync(report, renderReport(reported, seed));
console.log(`\nReport: ${resolve(report)}`);

async function takeTurns(): Promise<void> {
  for (let task = waiting.shift(); task; task = waiting.shift()) {
    const result = await simulateApart(task);
    results.set(task, result);
    console.log(`${nameOf(task.size)}, ${task.strategy}: ${result.tookS.toFixed(0)} s`);
  }
}

function nameOf({ nodes, coresPerNode }: Task["size"]): string {
  return `${nodes.toLocaleString("en")} nodes × ${coresPerNode} cores`;
}
