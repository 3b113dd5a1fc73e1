import { childrenOf } from "../../support/processes/children-of.ts";
import { cpuTicksOf, TICK_MS } from "../whep/cpu-ticks.ts";

/** @returns What the process and all that it has started used so far, ms. One that has ended since counts no more. */
function cpuMsOf(pid: number): number {
  const own = cpuTicksOf(pid) * TICK_MS;
  return childrenOf(pid).reduce((sum, child) => sum + cpuMsOf(child.pid), own);
}

/** @returns Of one core, in percent, what each of these uses while `act` goes on, with all that it has started. */
export async function cpuPercentsDuring<N extends string>(
  pids: Readonly<Record<N, number>>,
  act: () => Promise<void>,
): Promise<Record<N, number>> {
  const names = Object.keys(pids) as N[];
  const read = () => names.map((name) => cpuMsOf(pids[name]));
  const [before, sinceMs] = [read(), performance.now()];
  await act();
  const [after, passedMs] = [read(), performance.now() - sinceMs];
  const percents = names.map((name, index) => {
    const usedMs = (after[index] ?? 0) - (before[index] ?? 0);
    return [name, (100 * usedMs) / passedMs] as const;
  });
  return Object.fromEntries(percents) as Record<N, number>;
}
