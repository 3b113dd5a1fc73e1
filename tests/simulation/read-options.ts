import { parseArgs } from "node:util";
import type { ClusterSize } from "./cluster/cluster.ts";

export type SimulationOptions = {
  runs: { size: ClusterSize; minutes: number }[];
  seed: number;
  /** Where the report goes. */
  report: string;
};

const CORES = 16;
/** The larger the shorter, so that all of it takes minutes. */
const DEFAULT_RUNS = [
  { nodes: 100, minutes: 15 },
  { nodes: 1_000, minutes: 5 },
  { nodes: 10_000, minutes: 2 },
];

/**
 * Reads `--nodes N --cores N --minutes N --seed N --report PATH`.
 * @throws {Error} Names what was given and what is accepted.
 */
export function readOptions(args: string[]): SimulationOptions {
  const text = { type: "string" as const };
  const options = { nodes: text, cores: text, minutes: text, seed: text, report: text };
  const { report = "simulation-report.html", ...given } = parseArgs({ args, options }).values;
  const cores = readCount("cores", given.cores, 1_024) ?? CORES;
  const minutes = readCount("minutes", given.minutes, 1_440);
  const nodes = readCount("nodes", given.nodes, 100_000);
  const sizes = nodes === undefined ? DEFAULT_RUNS : [{ nodes, minutes: nodes > 3_000 ? 2 : 5 }];
  const runs = sizes.map((size) => ({
    size: { nodes: size.nodes, coresPerNode: cores },
    minutes: minutes ?? size.minutes,
  }));
  return { runs, seed: readCount("seed", given.seed, 4_294_967_295) ?? 1, report };
}

function readCount(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= most) return count;
  throw new Error(`--${name} ${text}: a whole number from 1 to ${most} is wanted`);
}
