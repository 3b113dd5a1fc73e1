import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

/**
 * Gives a process a real-time priority, and one CPU core where one is named, so that nothing else on this machine delays it. Needs root
 * and a second core; otherwise it says so, and the process runs like any other.
 */
export function settleOn(pid: number, { core, priority }: { core?: number; priority: number }): void {
  if (availableParallelism() < 2) return;
  try {
    if (core !== undefined) run("taskset", ["--all-tasks", "--cpu-list", "--pid", `${core}`, `${pid}`]);
    run("chrt", ["--all-tasks", "--rr", "--pid", `${priority}`, `${pid}`]);
  } catch {
    console.error(`process ${pid} runs like any other: what else runs here shows in the figures`);
  }
}

function run(program: string, args: string[]): void {
  execFileSync(program, args, { stdio: "ignore" });
}
