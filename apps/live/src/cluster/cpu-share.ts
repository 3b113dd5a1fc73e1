import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Of Linux's `/proc`, whatever the machine: USER_HZ. */
const TICK_MS = 10;
/** Of `/proc/PID/stat`, counted from behind the program's name, which may hold spaces. */
const USER_AT = 11;
const SYSTEM_AT = 12;
/** Weight of the newest sample. */
const SMOOTHING = 0.5;

export type CpuShareOptions = {
  /** User and system time that a process has had, ms; null: it is gone. */
  cpuMsOf?: (pid: number) => number | null;
  cores?: number;
};

/** What some processes use together of the machine's cores, 0..1, smoothed. */
export class CpuShare {
  readonly #cpuMsOf: (pid: number) => number | null;
  readonly #cores: number;
  #last: { cpuMs: Map<number, number>; atMs: number } | null = null;
  #share = 0;

  constructor({ cpuMsOf = cpuMsOfProc, cores = availableParallelism() }: CpuShareOptions = {}) {
    this.#cpuMsOf = cpuMsOf;
    this.#cores = cores;
  }

  /** One that came since the last sample counts with all that it had. */
  sample(pids: readonly number[], atMs: number): number {
    const cpuMs = new Map<number, number>();
    for (const pid of pids) cpuMs.set(pid, this.#cpuMsOf(pid) ?? 0);
    const last = this.#last;
    if (last && atMs > last.atMs) {
      let usedMs = 0;
      for (const [pid, ms] of cpuMs) usedMs += Math.max(0, ms - (last.cpuMs.get(pid) ?? 0));
      this.#share += SMOOTHING * (usedMs / (atMs - last.atMs) / this.#cores - this.#share);
    }
    this.#last = { cpuMs, atMs };
    return this.#share;
  }
}

function cpuMsOfProc(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(fields[USER_AT]) + Number(fields[SYSTEM_AT])) * TICK_MS;
  } catch {
    return null;
  }
}
