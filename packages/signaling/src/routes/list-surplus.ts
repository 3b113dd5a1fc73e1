import {
  FairleadError,
  Incarnation,
  NodeId,
  SURPLUS_PER_PAGE,
  type Surplus,
  type SurplusListing,
  type SurplusProcess,
} from "@fairlead/protocol";
import * as z from "zod";
import type { Caller } from "../http/caller.ts";
import { type Answered, askNodes, cursorAt, findNode, type NodeRun, pageOfNodes } from "./find-nodes.ts";

/** They become parts of a bus subject. */
const Run = z.object({ nodeId: NodeId, incarnation: Incarnation });

/** Nodes that are asked at once. */
const NODES_AT_ONCE = 20;

type Query = { node?: string; cursor?: string };
/** Where a listing goes on: behind `run`, or within it if it has more (`inner` is its own cursor). */
type Place = { run: NodeRun; inner: string | undefined };
type Batch = { runs: NodeRun[]; after: string | undefined };

/**
 * The surplus of all nodes, or of one, in order of node; several nodes to a page, as far as they fit.
 * @throws {FairleadError} `node_not_found`, `invalid_request` for a cursor that is none.
 */
export async function listSurplus(caller: Caller, { node, cursor }: Query): Promise<SurplusListing> {
  const place = cursor === undefined ? null : parseCursor(cursor);
  if (place?.inner !== undefined) return pageWithin(caller, place);
  const { runs, after } = await nextRuns(caller, place, node);
  const answers = await askNodes(caller, runs, "node.surplus", {});
  return fill(answers, after);
}

/** The next page of a node that has more than one. */
async function pageWithin(caller: Caller, { run, inner }: Place): Promise<SurplusListing> {
  const known = await pageOfNodes(caller, { limit: NODES_AT_ONCE, nodeId: run.nodeId });
  const found = known.items.find(({ incarnation }) => incarnation === run.incarnation);
  const answers = await askNodes(caller, [found ?? run], "node.surplus", { cursor: inner });
  return fill(answers, cursorAt(run));
}

async function nextRuns(caller: Caller, place: Place | null, nodeId?: string): Promise<Batch> {
  const cursor = place ? { cursor: cursorAt(place.run) } : {};
  if (nodeId === undefined) {
    const { items, cursor: after } = await pageOfNodes(caller, { limit: NODES_AT_ONCE, ...cursor });
    return { runs: items, after };
  }
  const runs = await findNode(caller, nodeId);
  return { runs: runs.filter((run) => !place || cursorAt(run) > cursorAt(place.run)), after: undefined };
}

/** Takes whole answers, in order, until one does not fit any more or has more to say itself. */
function fill(answers: readonly Answered<"node.surplus">[], after: string | undefined): SurplusListing {
  const surplus: Surplus[] = [];
  const processes: SurplusProcess[] = [];
  const unreachable: string[] = [];
  const listed = { surplus, processes, unreachable };
  let cursor: string | undefined;
  for (const { run, reply } of answers) {
    const found = (reply?.surplus.length ?? 0) + (reply?.processes?.length ?? 0);
    if (surplus.length + processes.length + found > SURPLUS_PER_PAGE) return { ...listed, cursor };
    if (!reply) unreachable.push(run.nodeId);
    surplus.push(...(reply?.surplus ?? []));
    processes.push(...(reply?.processes ?? []));
    cursor = cursorAt(run);
    if (reply?.cursor !== undefined) return { ...listed, cursor: `${cursor} ${reply.cursor}` };
  }
  return { ...listed, ...(after === undefined ? {} : { cursor: after }) };
}

function parseCursor(cursor: string): Place {
  const [nodeId, incarnation, ...rest] = cursor.split(" ");
  const run = Run.safeParse({ nodeId, incarnation });
  if (!run.success) throw new FairleadError("invalid_request", { message: "no cursor of a page" });
  return { run: run.data, inner: rest.length > 0 ? rest.join(" ") : undefined };
}
