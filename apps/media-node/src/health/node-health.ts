import { FairleadError } from "@fairlead/protocol";
import type { EventLoop } from "../worker/event-loop.ts";

/** Longer than the watchdog and a worker's start need to mend it by themselves. */
const STANDSTILL_MS = 30_000;

export type NodeHealthOptions = {
  loop: Pick<EventLoop, "awakeMs">;
  bus: { readonly isConnected: boolean };
  cores: readonly { readonly running: unknown; readonly isUsable: boolean }[];
  heartbeats: { readonly isFailing: boolean; readonly count: number };
  /** @returns Whether rooms are being handed over, for good. */
  isDraining: () => boolean;
};

export type Readiness = { status: "ok"; registry: "ok" | "away" };

/** Whether a node should be restarted, and whether it should be given rooms. */
export class NodeHealth {
  readonly #options: NodeHealthOptions;
  #beats = 0;
  /** When there last was a worker, and when a heartbeat was last through, by the loop's clock. */
  readonly #seenMs = { worker: 0, heartbeat: 0 };

  constructor(options: NodeHealthOptions) {
    this.#options = options;
  }

  /** Called a few times a second. */
  note(): void {
    const { loop, cores, heartbeats } = this.#options;
    if (cores.some(({ running }) => running)) this.#seenMs.worker = loop.awakeMs;
    if (heartbeats.count !== this.#beats) this.#seenMs.heartbeat = loop.awakeMs;
    this.#beats = heartbeats.count;
  }

  /**
   * @returns What has stood still for 30 seconds though this process ran, else null. What is away elsewhere, NATS or Redis, no
   * restart would mend. A process that stands still itself answers nobody.
   */
  standstill(): string | null {
    const { awakeMs } = this.#options.loop;
    if (awakeMs - this.#seenMs.worker >= STANDSTILL_MS) return "no core has a worker";
    if (awakeMs - this.#seenMs.heartbeat >= STANDSTILL_MS) return "no heartbeat has come to its end";
    return null;
  }

  /** @throws {FairleadError} `node_draining`, `bus_disconnected`, `no_capacity`. */
  readiness(): Readiness {
    const { bus, cores, heartbeats, isDraining } = this.#options;
    if (isDraining()) throw new FairleadError("node_draining");
    if (!bus.isConnected) throw new FairleadError("bus_disconnected");
    if (!cores.some(({ isUsable }) => isUsable))
      throw new FairleadError("no_capacity", { message: "no core is usable" });
    return { status: "ok", registry: heartbeats.isFailing ? "away" : "ok" };
  }
}
