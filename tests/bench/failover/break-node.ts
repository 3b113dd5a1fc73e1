import { setTimeout as delay } from "node:timers/promises";
import type { NodeProcess, ProcessCluster } from "../../support/clusters/start-process-cluster.ts";

export type DeathKind = "sigkill" | "sigstop" | "partition" | "worker";

/** How a node, or the worker of its one core, is broken, and made whole again. */
export const DEATHS: Record<
  DeathKind,
  { kill(node: NodeProcess): void; repair(node: NodeProcess): Promise<void> }
> = {
  sigkill: {
    kill: (node) => void node.signalGroup("SIGKILL"),
    repair: (node) => node.restart(),
  },
  // Workers too: a host that hangs forwards nothing.
  sigstop: {
    kill: (node) => void node.signalGroup("SIGSTOP"),
    repair: async (node) => void node.signalGroup("SIGCONT"),
  },
  partition: {
    kill: (node) => node.network?.dropPackets(),
    repair: async (node) => node.network?.restore(),
  },
  worker: {
    kill: (node) => void process.kill(node.workerPids()[0] ?? 0, "SIGKILL"),
    repair: async () => {},
  },
};

const POLL_MS = 100;
const WHOLE_WITHIN_MS = 60_000;

/** Resolves once `count` nodes are ready, each with all of its cores. @throws {Error} After a minute. */
export async function untilWhole(cluster: ProcessCluster, count: number): Promise<void> {
  const deadline = Date.now() + WHOLE_WITHIN_MS;
  while (Date.now() < deadline) {
    const nodes = await cluster.listNodes().catch(() => []);
    const ready = nodes.filter(
      ({ state, busConnected, cores }) =>
        state === "ready" && busConnected && cores.every(({ usable }) => usable),
    );
    if (ready.length === count) return;
    await delay(POLL_MS);
  }
  throw new Error(`no ${count} nodes were ready within ${WHOLE_WITHIN_MS} ms`);
}
