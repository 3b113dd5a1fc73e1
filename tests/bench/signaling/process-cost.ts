import { readdir, readFile } from "node:fs/promises";

/** CPU time of a process's living threads, user and system, ms, as the scheduler counts it (proc(5), schedstat). */
export async function cpuMsOf(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8")),
  );
  return times.reduce((sum, text) => sum + Number(text.split(" ")[0]), 0) / 1e6;
}

/** Memory of a process that is in RAM, KB. */
export async function residentKbOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(status.match(/VmRSS:\s+(\d+) kB/)?.[1]);
}
