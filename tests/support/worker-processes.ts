import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Reads /proc, as procps is not on every machine. Linux only. */

/** @returns Pids of the mediasoup workers that `parent` started. */
export function listWorkers(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isWorkerOf(pid, parent));
}

/**
 * @param port UDP port of a candidate that a browser is connected to.
 * @throws {Error} None of the workers has it.
 */
export function findWorkerByPort(parent: number, port: number): number {
  const inodes = socketsBoundTo(port);
  const found = listWorkers(parent).find((pid) => socketsOf(pid).some((inode) => inodes.has(inode)));
  if (found === undefined) throw new Error(`no worker of ${parent} has UDP port ${port}`);
  return found;
}

function isWorkerOf(pid: number, parent: number): boolean {
  // `pid (comm) state ppid …`; comm is cut to 15 characters.
  const stat = readText(`/proc/${pid}/stat`);
  const [, comm, ppid] = /^\d+ \((.*)\) \S (\d+)/s.exec(stat) ?? [];
  return comm?.startsWith("mediasoup-worke") === true && Number(ppid) === parent;
}

/** Lines of /proc/net/udp: `sl local_address(hex ip:port) … inode` in the tenth column. */
function socketsBoundTo(port: number): Set<string> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = ["udp", "udp6"].flatMap((name) => readText(`/proc/net/${name}`).split("\n"));
  const columns = rows.map((row) => row.trim().split(/\s+/));
  return new Set(columns.filter(([, local]) => local?.endsWith(suffix)).map((row) => row[9] ?? ""));
}

function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}

/** Processes and descriptors end while they are being looked at. */
function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
