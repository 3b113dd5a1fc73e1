import { callEveryNode, callNode } from "@fairlead/bus";
import {
  FairleadError,
  type NodeCallInput,
  type NodeCallName,
  type NodeCallReply,
  subjects,
} from "@fairlead/protocol";
import type { Page } from "@fairlead/registry";
import type { SignalingContext } from "../context.ts";

/** One run of a node. */
export type NodeRun = { nodeId: string; incarnation: string };
export type NodeQuery = { limit: number; cursor?: string; nodeId?: string };

const DESCRIBE_TIMEOUT_MS = 500;
/** An operator waits longer than a client, but not for every hung node of a large cluster. */
const NODE_TIMEOUT_MS = 2_000;

/**
 * Living runs of nodes, in order of node id, then incarnation. While the registry is away, those that answer on the bus.
 * @throws {FairleadError} `bus_disconnected` with both away.
 */
export async function pageOfNodes(context: SignalingContext, query: NodeQuery): Promise<Page<NodeRun>> {
  try {
    return await context.registry.listNodes(query);
  } catch (error) {
    const isAway = error instanceof FairleadError && error.code === "registry_unreachable";
    if (!isAway) throw error;
    return pageByBus(context, query);
  }
}

/** @throws {FairleadError} `node_not_found`. */
export async function findNode(context: SignalingContext, nodeId: string): Promise<NodeRun[]> {
  const { items } = await pageOfNodes(context, { limit: 100, nodeId });
  if (items.length === 0) throw new FairleadError("node_not_found");
  return items;
}

export type Answered<N extends NodeCallName> = { run: NodeRun; reply: NodeCallReply<N> | null };

/** Asks each of `runs` at once. `reply: null` for one that did not answer. @throws {FairleadError} `bus_disconnected`. */
export function askNodes<N extends NodeCallName>(
  { bus, log }: SignalingContext,
  runs: readonly NodeRun[],
  name: N,
  request: NodeCallInput<N>,
): Promise<Answered<N>[]> {
  const ask = async (run: NodeRun): Promise<Answered<N>> => {
    try {
      const reply = await callNode(bus, run.incarnation, name, request, { timeoutMs: NODE_TIMEOUT_MS });
      return { run, reply };
    } catch (error) {
      if (!(error instanceof FairleadError) || error.code === "bus_disconnected") throw error;
      log.warn("node.not_answered", { ...run, call: name, error });
      return { run, reply: null };
    }
  };
  return Promise.all(runs.map(ask));
}

async function pageByBus(
  { bus }: SignalingContext,
  { limit, cursor = "", nodeId }: NodeQuery,
): Promise<Page<NodeRun>> {
  const options = { timeoutMs: DESCRIBE_TIMEOUT_MS };
  const answers = await callEveryNode(bus, subjects.nodes, "node.describe", {}, options);
  const rest = answers
    .filter((node) => nodeId === undefined || node.nodeId === nodeId)
    .map((node) => ({ node, key: cursorAt(node) }))
    .filter(({ key }) => key > cursor)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const items = rest.slice(0, limit).map(({ node }) => node);
  const last = items.at(-1);
  return rest.length > limit && last ? { items, cursor: cursorAt(last) } : { items };
}

/** The registry's cursor behind a run. */
export function cursorAt({ nodeId, incarnation }: NodeRun): string {
  return `${nodeId} ${incarnation}`;
}
