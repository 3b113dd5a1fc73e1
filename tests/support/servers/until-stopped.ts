import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Resolves when SIGSTOP has reached every thread of a process: on a busy machine it may still answer for a while. Linux only;
 * elsewhere at once.
 */
export async function untilStopped(pid: number): Promise<void> {
  if (process.platform !== "linux") return;
  while (!statesOf(pid).every((state) => state === "T" || state === "gone")) await delay(2);
}

/** `pid (comm) state …`, by thread. */
function statesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    try {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
      return stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "";
    } catch {
      return "gone";
    }
  });
}
