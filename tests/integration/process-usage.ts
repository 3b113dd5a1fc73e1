import { readdir, readFile, readlink } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const KB = 1_024;

export type ProcessUsage = { descriptors: number; sockets: number; rssBytes: number };

/** Linux's figures of a process. */
export async function usageOf(pid: number): Promise<ProcessUsage> {
  const names = await readdir(`/proc/${pid}/fd`);
  // The descriptor of this very reading is gone by the time it is asked about.
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => null)));
  // A meter of this process may be reading from /proc just now, for a moment.
  const open = links.filter((link) => link !== null).filter((link) => !link.startsWith("/proc/"));
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return {
    descriptors: open.length,
    sockets: open.filter((link) => link.startsWith("socket:")).length,
    rssBytes: Number(status.match(/VmRSS:\s+(\d+) kB/)?.[1]) * KB,
  };
}

/** Bytes of this process's heap that are in use, after everything that can be freed was. */
export function usedHeapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
