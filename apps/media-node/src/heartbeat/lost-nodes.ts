import type { Lease } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { Logger, Metrics } from "@fairlead/telemetry";
import type { LateNodes } from "./late-nodes.ts";

/** Nodes that died lately; their rooms come in several answers. */
const REMEMBERED = 100;

export type LostNodesOptions = {
  registry: Pick<Registry, "listNodes">;
  lateNodes: Pick<LateNodes, "lastHeardOf">;
  log: Logger;
  metrics: Metrics;
};

/** Tells, once, that a node is gone whose rooms this one is to place anew, and why. */
export class LostNodes {
  readonly #options: LostNodesOptions;
  readonly #told = new Set<string>();

  constructor(options: LostNodesOptions) {
    this.#options = options;
  }

  note(orphans: readonly Lease[]): void {
    for (const [incarnation, rooms] of Map.groupBy(orphans, (lease) => lease.incarnation)) {
      const nodeId = rooms[0]?.nodeId;
      if (nodeId === undefined || this.#told.has(incarnation)) continue;
      const [oldest] = this.#told;
      if (oldest !== undefined && this.#told.size >= REMEMBERED) this.#told.delete(oldest);
      this.#told.add(incarnation);
      void this.#tell(nodeId, incarnation, rooms.length);
    }
  }

  async #tell(nodeId: string, incarnation: string, rooms: number): Promise<void> {
    const { lateNodes, log, metrics } = this.#options;
    const late = lateNodes.lastHeardOf(incarnation);
    const cause = late
      ? late.isUnreachable
        ? "process_gone"
        : "silent"
      : await this.#causeOf(nodeId, incarnation);
    metrics.count("node.lost", cause);
    log.warn("node.lost", { nodeId, lost: incarnation, cause, silentMs: late?.silentMs, rooms });
  }

  /** Of a node that beat until it lost its rooms: it beats on where it has lost the bus, and said goodbye otherwise. */
  async #causeOf(nodeId: string, incarnation: string): Promise<"bus_lost" | "left" | "unknown"> {
    try {
      const { items } = await this.#options.registry.listNodes({ limit: 100, nodeId });
      return items.some((node) => node.incarnation === incarnation) ? "bus_lost" : "left";
    } catch {
      return "unknown";
    }
  }
}
