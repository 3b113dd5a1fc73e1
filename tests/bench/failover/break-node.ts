import type { Cluster, NodeProcess } from "../../support/processes/start-cluster.ts";

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

/** Resolves once `count` nodes live, each with a core that may take a room. */
export async function untilWhole(cluster: Cluster, count: number): Promise<void> {
  for (;;) {
    const nodes = await cluster.listNodes().catch(() => []);
    const ready = nodes.filter(
      ({ busConnected, cores }) => busConnected && cores.every(({ usable }) => usable),
    );
    if (ready.length === count) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
