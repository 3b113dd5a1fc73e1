import { dumpWorker, type LedgerEntry } from "@fairlead/mediasoup-worker/ledger";
import type { NodeState } from "@fairlead/protocol";
import type { NodeHealth } from "../health/node-health.ts";
import type { Core } from "../worker/core.ts";
import { assembleNode, type NodeParts } from "./assemble-node.ts";
import { gaugeNode } from "./gauge-node.ts";
import type { MediaNodeOptions } from "./media-node-options.ts";
import { assertOnlyOneOfName } from "./only-one-of-name.ts";
import { serveNode } from "./serve-node.ts";

export type MediaNode = {
  nodeId: string;
  incarnation: string;
  readonly state: NodeState;
  /** How many rooms it serves. */
  readonly roomCount: number;
  /** For supervisors. */
  readonly health: Pick<NodeHealth, "standstill" | "readiness">;
  /** Every media resource with its owner. */
  ledger(): LedgerEntry[];
  /** The same, as the workers tell it: sorted `kind:id`. */
  dump(): Promise<string[]>;
  /** Process ids of the workers that run, by core. */
  workerPids(): (number | null)[];
  /**
   * No new rooms from now on; those that are here are handed to other nodes, paced.
   * @param options.deadlineMs Milliseconds from now.
   * @returns Resolves when no room is left, at the deadline, or when `undrain` cancels it. The API can't cancel it.
   */
  drain(options: { deadlineMs: number }): Promise<void>;
  /** Takes new rooms again, whoever began the drain. */
  undrain(): void;
  /** Closes rooms, workers and timers at once: its peers join anew, elsewhere. Idempotent. */
  close(): Promise<void>;
};

/**
 * Starts the workers and serves rooms: takes calls from the bus, and tells the registry what it has.
 * @throws When a worker does not start, e.g. because its port is taken, or when another node of that name is alive.
 */
export async function createMediaNode(options: MediaNodeOptions): Promise<MediaNode> {
  const parts = assembleNode(options);
  const { cores, incarnation, ledger, leases, nodeId, registry, rooms, log } = parts;
  await assertOnlyOneOfName({ nodeId, registry, log });
  await startAll(cores);
  gaugeNode(parts.metrics, parts);
  const stopServing = await serveNode(parts);
  const { quotaCores } = parts.allowance;
  log.info("node.started", { nodeId, cores: cores.length, quotaCores });
  let closing: Promise<void> | null = null;
  const close = async () => {
    await stopServing();
    await Promise.all(cores.map((core) => core.close()));
    await parts.hooks.close();
    log.info("node.stopped", { nodeId });
  };
  return {
    nodeId,
    incarnation,
    health: parts.health,
    get state() {
      return leases.drain.state;
    },
    get roomCount() {
      return rooms.count;
    },
    ledger: () => ledger.entries(),
    dump: () => dumpNode(parts),
    workerPids: () => cores.map((core) => core.running?.worker.pid ?? null),
    drain: (drain) => leases.drain.drain(drain),
    undrain: () => leases.drain.undrain(),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function startAll(cores: readonly Core[]): Promise<void> {
  const starts = await Promise.allSettled(cores.map((core) => core.start()));
  const failed = starts.find((start) => start.status === "rejected");
  if (!failed) return;
  await Promise.all(cores.map((core) => core.close()));
  throw failed.reason;
}

async function dumpNode({ cores, rooms }: NodeParts): Promise<string[]> {
  const dumps = cores.map(({ index, running }) => {
    const seats = [...rooms.all(), ...rooms.lingering.all()].flatMap((room) =>
      room.span.seats.filter(({ core }) => core === index),
    );
    return running
      ? dumpWorker(
          running.worker,
          seats.map(({ router }) => router),
        )
      : [];
  });
  return (await Promise.all(dumps)).flat().sort();
}
