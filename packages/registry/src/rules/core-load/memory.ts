import type { CoreAddress } from "@fairlead/protocol";
import type { PlacementCore, PlacementNode } from "../policy.ts";

/** A core is as loaded as its worker's CPU or its node's network, whichever is scarcer, plus what was promised and is not measured yet. */
export function coreLoadPpm(core: Pick<PlacementCore, "cpuPpm" | "debitPpm">, networkPpm: number): number {
  return Math.max(core.cpuPpm, networkPpm) + core.debitPpm;
}

export type LoadedCore = { core: number; loadPpm: number };

/**
 * The least-loaded core of a node that has a worker and is not excluded; ties go to the lowest core.
 * @returns null when there is none.
 */
export function bestCore(
  { incarnation, cores, networkPpm }: Pick<PlacementNode, "incarnation" | "cores" | "networkPpm">,
  exclude: readonly CoreAddress[] = [],
): LoadedCore | null {
  let best: LoadedCore | null = null;
  for (const each of cores) {
    const { core } = each;
    if (!each.usable || exclude.some((other) => other.incarnation === incarnation && other.core === core))
      continue;
    const loadPpm = coreLoadPpm(each, networkPpm);
    const isBetter =
      best === null || loadPpm < best.loadPpm || (loadPpm === best.loadPpm && core < best.core);
    if (isBetter) best = { core, loadPpm };
  }
  return best;
}
