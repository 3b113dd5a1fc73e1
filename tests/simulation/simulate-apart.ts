import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { ClusterSize } from "./cluster/cluster.ts";
import { type StrategyResult, simulateStrategy } from "./simulate-strategy.ts";
import type { StrategyName } from "./strategies/strategy.ts";
import type { Course } from "./workload/course.ts";

export type Task = { strategy: StrategyName; size: ClusterSize; course: Course; seed: number };

/** A million rooms take some. */
const HEAP_MB = 12_000;

/** Runs one strategy in a thread of its own. */
export function simulateApart(task: Task): Promise<StrategyResult> {
  return new Promise((resolve, reject) => {
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB };
    const thread = new Worker(new URL(import.meta.url), { workerData: task, resourceLimits });
    thread.once("message", resolve);
    thread.once("error", reject);
    thread.once("exit", (code) => reject(new Error(`${task.strategy}: the thread ended with ${code}`)));
  });
}

if (!isMainThread && parentPort) {
  const { strategy, size, course, seed }: Task = workerData;
  parentPort.postMessage(await simulateStrategy(strategy, size, course, seed));
}
