import { readFileSync } from "node:fs";

/** Of Linux's clock for CPU time (USER_HZ), everywhere. */
export const TICK_MS = 10;

/** Fields 14 and 15 of /proc/PID/stat: what the process used so far, by itself and in the kernel. */
export function cpuTicksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is a name, with anything in it, in parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
