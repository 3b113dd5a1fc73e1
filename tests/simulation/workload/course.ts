import type { ClusterSize } from "../cluster/cluster.ts";
import type { ChurnOptions } from "./churn-workload.ts";

/** Events of one simulation, whichever strategy is at work. */
export type Course = { durationMs: number } & Pick<ChurnOptions, "roomsPerSecond" | "bursts" | "deaths">;

/** Per core: with what rooms cost and how long they live, they come to a tenth of all cores within minutes, besides the base load. */
const ROOMS_PER_CORE_SECOND = 0.03;

/** A sharp burst, deaths of single nodes, a rack that dies at once, and a long burst that is on while it comes back. */
export function planCourse({ nodes, coresPerNode }: ClusterSize, durationMs: number): Course {
  const at = (share: number) => Math.round(share * durationMs);
  const singles = [0.2, 0.3, 0.5].map((share) => ({ atMs: at(share), nodes: 1 }));
  return {
    durationMs,
    roomsPerSecond: ROOMS_PER_CORE_SECOND * nodes * coresPerNode,
    bursts: [
      { fromMs: at(0.4), toMs: at(0.4) + 10_000, factor: 8 },
      { fromMs: at(0.75), toMs: at(0.75) + 30_000, factor: 3 },
    ],
    deaths: [...singles, { atMs: at(0.6), nodes: Math.ceil(nodes / 50) }],
  };
}
