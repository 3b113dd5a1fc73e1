import type { NodeStatus } from "@fairlead/protocol";
import { coreLoadPpm } from "../placement/core-load.ts";
import { fromPpm, type PlacementNode, toPpm } from "../placement/placement-policy.ts";
import type { KnownNode } from "./node-table.ts";

/** @returns Debits of a core and its young rooms' expected growth. */
export type DebitOf = (incarnation: string, core: number) => number;

/** A node as the placement policy sees it. */
export function toPlacementNode({ beat, lastBeatMs }: KnownNode, debitOf: DebitOf): PlacementNode {
  const { nodeId, incarnation, state, busConnected, region, labels } = beat;
  const cores = beat.cores.map(({ core, usable, cpuLoad }) => ({
    core,
    usable,
    cpuPpm: toPpm(cpuLoad),
    debitPpm: debitOf(incarnation, core),
  }));
  const networkPpm = toPpm(beat.networkLoad);
  return { nodeId, incarnation, state, busConnected, region, labels, networkPpm, lastBeatMs, cores };
}

/** A node as the outside sees it; a fresh object. */
export function toNodeStatus({ beat, lastBeatMs }: KnownNode, debitOf: DebitOf): NodeStatus {
  const { cores, settledDebits: _settled, leases: _leases, ...node } = structuredClone(beat);
  const status = cores.map((advert) => {
    const debitPpm = debitOf(beat.incarnation, advert.core);
    const loadPpm = coreLoadPpm({ cpuPpm: toPpm(advert.cpuLoad), debitPpm }, toPpm(beat.networkLoad));
    return { ...advert, debit: fromPpm(debitPpm), load: fromPpm(loadPpm) };
  });
  return { ...node, cores: status, lastBeatMs };
}
