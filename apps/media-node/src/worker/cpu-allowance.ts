import { availableParallelism } from "node:os";
import { type CpuQuota, readCpuQuotas } from "./cgroup-quotas.ts";
import { LoadMeter } from "./load-meter.ts";

/**
 * What the host lets this process and its workers use of its cores. At a quota's end the kernel halts all of them for the rest of
 * each period: a worker that gets 0.3 of a core because it may not have more is full, not idle.
 */
export class CpuAllowance {
  readonly #quotas: { quota: CpuQuota; used: LoadMeter }[];

  constructor(quotas: readonly CpuQuota[] = readCpuQuotas()) {
    this.#quotas = quotas.map((quota) => ({ quota, used: new LoadMeter() }));
  }

  /** The smallest quota, in cores; null without one. */
  get quotaCores(): number | null {
    return this.#quotas.length > 0 ? Math.min(...this.#quotas.map(({ quota }) => quota.cores)) : null;
  }

  /** How many workers can use a core each. */
  defaultCores(hostCores: number = availableParallelism()): number {
    return Math.max(1, Math.min(hostCores, Math.floor(this.quotaCores ?? hostCores)));
  }

  /** Called a few times a second. */
  sample(atMs: number): void {
    for (const { quota, used } of this.#quotas) {
      const cpuMs = quota.usedMs();
      if (cpuMs !== null) used.sample(cpuMs, atMs);
    }
  }

  /**
   * @param share Of a core, used by one worker.
   * @returns Its load, 0..1: what it can't use more of, be it the core's or the quota's.
   */
  loadOf(share: number): number {
    const loads = this.#quotas.map(({ quota: { cores }, used }) => {
      const most = Math.min(1, cores);
      return 1 - Math.max(0, cores - used.load) / most;
    });
    return Math.max(share, ...loads, 0);
  }
}
