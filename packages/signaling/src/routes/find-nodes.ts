import { callEveryNode, callSubject } from "@fairlead/bus";
import {
  FairleadError,
  type LiveStatus,
  type NodeCallInput,
  type NodeCallName,
  type NodeCallReply,
  type NodeStatus,
  subjects,
} from "@fairlead/protocol";
import type { Page } from "@fairlead/registry";
import type { Caller } from "../http/caller.ts";
import type { SignalingProcess } from "../signaling-process.ts";

/** One run of a node. `kind` absent: `media`. */
export type NodeRun = Pick<NodeStatus, "nodeId" | "incarnation" | "kind">;
export type NodeQuery = { limit: number; cursor?: string; nodeId?: string };

/** `source`: they answered on the bus. */
export type NodesPage = Page<NodeStatus> & { source?: "bus" };

const DESCRIBE_TIMEOUT_MS = 500;
/** An operator waits longer than a client, but not for every hung node of a large cluster. */
const NODE_TIMEOUT_MS = 2_000;

const LIVE = "live";
/** Whoever goes through all nodes finds what every node has. */
const NO_MEDIA = {
  ...{ labels: [], cores: [], networkLoad: 0 },
  capacity: { maxPeers: null, networkBps: 1 },
};

/**
 * Living runs of nodes of every kind, in order of node id, then incarnation. While the registry is away, or has lost what it knew, those media nodes that
 * answer on the bus.
 * @throws {FairleadError} `registry_unreachable`, `registry_cold`: and no node answers on the bus either.
 */
export async function pageOfNodes(caller: Caller, query: NodeQuery): Promise<NodesPage> {
  const failure = await whyEmpty(caller, query);
  if (!(failure instanceof FairleadError)) return failure;
  const page = await pageByBus(caller, query);
  if (page.items.length === 0 && query.cursor === undefined && query.nodeId === undefined) throw failure;
  return page;
}

/** @returns The registry's page, or why it can't be believed. */
async function whyEmpty({ shared }: Caller, query: NodeQuery): Promise<NodesPage | FairleadError> {
  try {
    const [nodes, lives] = await Promise.all([
      shared.registry.listNodes(query),
      shared.registry.listLives(query),
    ]);
    const isKnown = nodes.items.length > 0 || (await knowsNodes(shared));
    return isKnown ? merge(nodes, lives, query.limit) : new FairleadError("registry_cold");
  } catch (error) {
    if (error instanceof FairleadError && error.code === "registry_unreachable") return error;
    throw error;
  }
}

/** Both begin behind the same cursor, and have the same order. */
function merge(nodes: Page<NodeStatus>, lives: Page<LiveStatus>, limit: number): NodesPage {
  const all = [
    ...nodes.items.map((node) => ({ ...node, kind: "media" })),
    ...lives.items.map(statusOfLive),
  ].sort((a, b) => (cursorAt(a) < cursorAt(b) ? -1 : 1));
  const items = all.slice(0, limit);
  const hasMore = all.length > limit || nodes.cursor !== undefined || lives.cursor !== undefined;
  const last = items.at(-1);
  return { items, ...(hasMore && last ? { cursor: cursorAt(last) } : {}) };
}

function statusOfLive({ cpuLoad, publishers, transcodes, limits, ...about }: LiveStatus): NodeStatus {
  return { ...NO_MEDIA, ...about, kind: LIVE, live: { cpuLoad, publishers, transcodes, limits } };
}

/** A registry without a node has lost what it knew, or nothing runs: it can't say that something is not there. */
export async function knowsNodes({ registry }: Pick<SignalingProcess, "registry">): Promise<boolean> {
  return (await registry.listNodes({ limit: 1 })).items.length > 0;
}

/** @throws {FairleadError} `node_not_found`; `registry_unreachable`, `registry_cold`. */
export async function findNode(caller: Caller, nodeId: string): Promise<NodeStatus[]> {
  const { items } = await pageOfNodes(caller, { limit: 100, nodeId });
  if (items.length === 0) throw new FairleadError("node_not_found");
  return items;
}

export type Answered<N extends NodeCallName> = { run: NodeRun; reply: NodeCallReply<N> | null };

/** Asks each of `runs` at once. `reply: null` for one that did not answer. @throws {FairleadError} `bus_disconnected`. */
export function askNodes<N extends NodeCallName>(
  { bus, log }: Caller,
  runs: readonly NodeRun[],
  name: N,
  request: NodeCallInput<N>,
): Promise<Answered<N>[]> {
  const ask = async (run: NodeRun): Promise<Answered<N>> => {
    try {
      const subject = run.kind === LIVE ? subjects.liveCall : subjects.nodeCall;
      const options = { timeoutMs: NODE_TIMEOUT_MS };
      const reply = await callSubject(bus, subject(run.incarnation), name, request, options);
      return { run, reply };
    } catch (error) {
      if (!(error instanceof FairleadError) || error.code === "bus_disconnected") throw error;
      const { nodeId, incarnation } = run;
      log.warn("node.not_answered", { nodeId, incarnation, call: name, error });
      return { run, reply: null };
    }
  };
  return Promise.all(runs.map(ask));
}

async function pageByBus(
  { bus, shared }: Caller,
  { limit, cursor = "", nodeId }: NodeQuery,
): Promise<NodesPage> {
  const options = { timeoutMs: DESCRIBE_TIMEOUT_MS };
  const answers = await callEveryNode(bus, subjects.nodes, "node.describe", {}, options);
  const rest = answers
    .filter((node) => nodeId === undefined || node.nodeId === nodeId)
    .map((node) => ({ node, key: cursorAt(node) }))
    .filter(({ key }) => key > cursor)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const items = rest.slice(0, limit).map(({ node }) => statusOf(node, shared.now()));
  const last = items.at(-1);
  return { items, source: "bus", ...(rest.length > limit && last ? { cursor: cursorAt(last) } : {}) };
}

/** A node of an older build says nothing of its cores on the bus. */
const NO_ADVERT = { version: "", networkLoad: 0, capacity: { maxPeers: null, networkBps: 1 }, cores: [] };

function statusOf(
  { load: _, advert = NO_ADVERT, ...node }: NodeCallReply<"node.describe">,
  nowMs: number,
): NodeStatus {
  const cores = advert.cores.map((core) => ({
    ...core,
    debit: 0,
    load: Math.max(core.cpuLoad, advert.networkLoad),
  }));
  return { ...node, ...advert, kind: "media", cores, busConnected: true, lastBeatMs: nowMs, source: "bus" };
}

/** The registry's cursor behind a run. */
export function cursorAt({ nodeId, incarnation }: NodeRun): string {
  return `${nodeId} ${incarnation}`;
}
