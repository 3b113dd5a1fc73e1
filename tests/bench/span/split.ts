import { setTimeout as pause } from "node:timers/promises";
import { quantile } from "../quantiles.ts";
import { lossOf, type Measured, type Stage, withStage } from "./with-stage.ts";

/** `viewers`: of all cores together. */
export type Split = { viewers: number; cores: 1 | 2; seconds: number };

export type SplitCost = {
  /** Of one core, over both workers. */
  cpuShare: number;
  /** From the publisher to viewers on its own core, and to those on the other one; NaN without these. */
  homeP50Ms: number;
  guestP50Ms: number;
};

/** New consumers must not count, and each has had its key frame. */
const SETTLE_MS = 1_500;
const PROBES = 4;
const ADDED_AT_ONCE = 25;

/** One publisher on the first of two cores, and viewers there or on both: what both workers use, and how long packets take. */
export function measureSplit({ viewers, cores, seconds }: Split): Promise<Measured<SplitCost>> {
  return withStage({ cores: 2, probes: PROBES }, async (stage) => {
    const { node, traffic, probePorts, meeting } = stage;
    for (const [index, port] of probePorts.entries())
      await node.view(meeting, { core: index % cores, port, isEncrypted: false });
    await addViewers(stage, viewers, cores);
    await pause(SETTLE_MS);
    await traffic.ask("read", { probePorts });
    const before = { cpuMs: await node.cpuMs(), atMs: performance.now() };
    await pause(seconds * 1_000);
    const cpuShare = ((await node.cpuMs()) - before.cpuMs) / (performance.now() - before.atMs);
    const p50Of = async (core: number) => {
      const ports = probePorts.filter((_, index) => index % cores === core);
      return quantile((await traffic.ask("read", { probePorts: ports })).agesMs, 0.5);
    };
    const value = { cpuShare, homeP50Ms: await p50Of(0), guestP50Ms: await p50Of(1) };
    return { value, loss: await lossOf(meeting) };
  });
}

async function addViewers({ node, meeting, sinkPort }: Stage, count: number, cores: number): Promise<void> {
  for (let added = 0; added < count; added += ADDED_AT_ONCE) {
    const length = Math.min(ADDED_AT_ONCE, count - added);
    const add = (_: unknown, index: number) =>
      node.view(meeting, { core: (added + index) % cores, port: sinkPort });
    await Promise.all(Array.from({ length }, add));
  }
}
