import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

/**
 * Gives a process one CPU core and a real-time priority, so that nothing else on this machine delays it. Needs root and a second core;
 * otherwise it says so, and the process runs like any other.
 */
export function settleOn(pid: number, { core, priority }: { core: number; priority: number }): void {
  if (availableParallelism() < 2) return;
  try {
    execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", `${core}`, `${pid}`], { stdio: "ignore" });
    execFileSync("chrt", ["--all-tasks", "--rr", "--pid", `${priority}`, `${pid}`], { stdio: "ignore" });
  } catch {
    console.error(`process ${pid} runs like any other: what else runs here shows in the figures`);
  }
}
