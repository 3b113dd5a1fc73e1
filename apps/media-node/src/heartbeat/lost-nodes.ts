import type { Lease } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { Logger, Metrics } from "@fairlead/telemetry";
import type { LateNodes } from "./late-nodes.ts";

/** Nodes that died lately; their rooms come in several answers. */
const REMEMBERED = 100;

type Cause = "process_gone" | "silent" | "bus_lost" | "left" | "unknown";

export type LostNodesOptions = {
  registry: Pick<Registry, "listNodes">;
  lateNodes: Pick<LateNodes, "lastHeardOf">;
  log: Logger;
  metrics: Metrics;
};

/** Tells, once, that a node is gone whose rooms this one is to place anew, and why. */
export class LostNodes {
  readonly #options: LostNodesOptions;
  /** Why, by incarnation. */
  readonly #told = new Map<string, Promise<Cause>>();

  constructor(options: LostNodesOptions) {
    this.#options = options;
  }

  note(orphans: readonly Lease[]): void {
    for (const [incarnation, rooms] of Map.groupBy(orphans, (lease) => lease.incarnation)) {
      const nodeId = rooms[0]?.nodeId;
      if (nodeId === undefined || this.#told.has(incarnation)) continue;
      const [oldest] = this.#told.keys();
      if (oldest !== undefined && this.#told.size >= REMEMBERED) this.#told.delete(oldest);
      this.#told.set(incarnation, this.#tell(nodeId, incarnation, rooms.length));
    }
  }

  /** Its process runs: it has lost the bus or the registry alone, and its media goes on. False for one that was not named. */
  async livesOn(incarnation: string): Promise<boolean> {
    if (this.#options.lateNodes.lastHeardOf(incarnation)?.hasAnswered) return true;
    return (await this.#told.get(incarnation)) === "bus_lost";
  }

  /** Never rejects. */
  async #tell(nodeId: string, incarnation: string, rooms: number): Promise<Cause> {
    const { lateNodes, log, metrics } = this.#options;
    const late = lateNodes.lastHeardOf(incarnation);
    const cause = late
      ? late.isUnreachable
        ? "process_gone"
        : "silent"
      : await this.#causeOf(nodeId, incarnation);
    metrics.count("node.lost", cause);
    log.warn("node.lost", { nodeId, lost: incarnation, cause, silentMs: late?.silentMs, rooms });
    return cause;
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
