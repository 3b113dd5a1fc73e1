import { spawnSync } from "node:child_process";

/** Of util-linux: both set something and become the program that they are given. */
const TOOLS = ["prlimit", "setpriv"] as const;
const NOBODY = 65_534;
const MEMORY_BYTES = 2 * 1024 ** 3;
const OPEN_FILES = 64;
/**
 * The kernel counts threads by user: those of all ffmpegs together, and of whatever else runs as this user on the machine. An ffmpeg that
 * decodes, encodes and sends two tracks has up to 12 in newer versions.
 */
const THREADS = { each: 32, ofOthers: 1_024 };

/** How a program is kept from what it has no business with. */
export type Sandbox = {
  /** Put before the program. */
  command: readonly string[];
  /** null: it runs as the same user as this process, and can read what this process can. */
  user: number | null;
  /** The protections that this host does not offer. */
  missing: readonly string[];
};

/** Looks once, at start, at what this host offers. @param publishers Of how many the ffmpegs run at a time. */
export function findSandbox(publishers: number, isRoot = process.getuid?.() === 0): Sandbox {
  const [prlimit, setpriv] = TOOLS.map(findInPath);
  const threads = THREADS.ofOthers + THREADS.each * publishers;
  const limits = [`--as=${MEMORY_BYTES}`, "--fsize=0", "--core=0", `--nofile=${OPEN_FILES}`];
  return {
    command: [
      ...(prlimit ? [prlimit, ...limits, ...(isRoot ? [`--nproc=${threads}`] : []), "--"] : []),
      ...(setpriv ? [setpriv, "--no-new-privs", "--pdeathsig", "KILL", "--"] : []),
    ],
    user: isRoot ? NOBODY : null,
    missing: [
      ...(prlimit ? [] : ["limits of memory, files and threads (prlimit)"]),
      ...(setpriv ? [] : ["no new privileges, end with its parent (setpriv)"]),
      ...(isRoot ? [] : ["a user of its own"]),
    ],
  };
}

/** @param name Of a program, or its path. @returns Its path; undefined where there is none. Programs get no PATH to look in themselves. */
export function findInPath(name: string): string | undefined {
  const { stdout } = spawnSync("sh", ["-c", 'command -v "$1"', "sh", name], { encoding: "utf8" });
  return stdout?.trim() || undefined;
}
