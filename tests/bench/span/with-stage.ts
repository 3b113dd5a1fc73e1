import { join } from "node:path";
import { type Child, startChild } from "../processes/ask-child.ts";
import { settleOn } from "../processes/settle-on.ts";
import type { TrafficTasks } from "../saturation/traffic.ts";
import { BenchNode, type BenchNodeOptions, type Meeting } from "./bench-node.ts";

const PRIORITY = 10;

export type Stage = {
  node: BenchNode;
  traffic: Child<TrafficTasks>;
  probePorts: number[];
  /** Packets may come here, but nobody reads them. */
  sinkPort: number;
  /** At home on the first core; its camera runs. */
  meeting: Meeting;
};

export type StageOptions = BenchNodeOptions & {
  probes?: number;
  keyFrames?: "each_second" | "on_request";
};

/** Fresh workers and fresh traffic for one measurement: none is left with what an earlier one did. */
export async function withStage<T>(options: StageOptions, act: (stage: Stage) => Promise<T>): Promise<T> {
  const { probes = 0, keyFrames = "each_second", ...nodeOptions } = options;
  const traffic = startChild<TrafficTasks>(join(import.meta.dirname, "../saturation/traffic.ts"));
  const node = await BenchNode.open(nodeOptions);
  try {
    for (const pid of [...node.workerPids, traffic.pid]) settleOn(pid, { priority: PRIORITY });
    const ports = await traffic.ask("open", { probes });
    const meeting = await node.meet(0);
    await traffic.ask("publish", { port: meeting.port, keyFrames });
    return await act({ node, traffic, meeting, ...ports });
  } finally {
    await Promise.all([node.close(), traffic.close()]);
  }
}

/** Of a publisher's packets, what came, and what was passed over at the worker's producer (RFC 3550 § 6.4.1): every viewer misses it. */
export type Loss = { received: number; lost: number };
export type Measured<T> = { value: T; loss: Loss };

export async function lossOf({ producer }: Meeting): Promise<Loss> {
  const stats = await producer.getStats();
  const sum = (key: "packetCount" | "packetsLost") => stats.reduce((all, stat) => all + stat[key], 0);
  return { received: sum("packetCount"), lost: sum("packetsLost") };
}

/** @returns 0..1. */
export function shareLost(losses: readonly Loss[]): number {
  const lost = losses.reduce((sum, loss) => sum + loss.lost, 0);
  return lost / losses.reduce((sum, { received }) => sum + received, lost);
}
