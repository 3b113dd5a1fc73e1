import type { PlacementCore } from "./placement-policy.ts";

/** A core is as loaded as its worker's CPU or its node's network, whichever is scarcer, plus what was promised and is not measured yet. */
export function coreLoadPpm(core: Pick<PlacementCore, "cpuPpm" | "debitPpm">, networkPpm: number): number {
  return Math.max(core.cpuPpm, networkPpm) + core.debitPpm;
}
