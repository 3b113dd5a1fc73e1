import { readdirSync, readFileSync } from "node:fs";

export type Child = { pid: number; command: string };

/** The processes that a process has started and that run. */
export function childrenOf(parent: number): Child[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8").replace(/^.*\) \S/, "");
        if (Number(/ (\d+) /.exec(stat)?.[1]) !== parent) return [];
        return [
          { pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0")[0] ?? "" },
        ];
      } catch {
        // Gone meanwhile.
        return [];
      }
    });
}
