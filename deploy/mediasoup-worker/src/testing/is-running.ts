import { readFile } from "node:fs/promises";

/** A zombie does not run: whether an orphan is reaped depends on the machine. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") X");
  return !/\) [XZ]/.test(stat);
}
