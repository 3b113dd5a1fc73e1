import type { Cluster } from "./cluster/cluster.ts";

/** How loaded the cores of all living nodes are at one moment, 1 = a whole core. */
export type LoadDistribution = {
  atS: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
  /** Shares of the cores, 0..1. */
  above80: number;
  overCapacity: number;
};

export function measureLoads(cluster: Cluster, atS: number): LoadDistribution {
  const loads = sortedLoads(cluster);
  const at = (share: number) => (loads[Math.max(0, Math.ceil(share * loads.length) - 1)] ?? 0) / 1_000_000;
  const shareAbove = (ppm: number) => 1 - lowerBound(loads, ppm) / loads.length;
  return {
    atS,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
    above80: shareAbove(800_000),
    overCapacity: shareAbove(1_000_000),
  };
}

/** @returns Shares of cores by load, in bins of `step`; the last also holds all above. */
export function countByLoad(cluster: Cluster, step: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  const loads = sortedLoads(cluster);
  for (const ppm of loads) {
    const bin = Math.min(bins - 1, Math.floor(ppm / (step * 1_000_000)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((count) => count / loads.length);
}

function sortedLoads(cluster: Cluster): Float64Array {
  const isUp = (core: number) => cluster.isUp(cluster.nodeOf(core));
  return cluster.loadPpm.filter((_, core) => isUp(core)).sort();
}

/** @returns How many do not pass `ppm`. */
function lowerBound(sorted: Float64Array, ppm: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? 0) <= ppm) from = middle + 1;
    else to = middle;
  }
  return from;
}
