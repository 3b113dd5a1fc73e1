import type { ReclaimAnswer, ReclaimRequest } from "@fairlead/protocol";
import type { Caller } from "../http/caller.ts";
import { askNodes, findNode, type NodeRun, pageOfNodes } from "./find-nodes.ts";

/** Nodes that are asked at once. */
const NODES_AT_ONCE = 50;

/**
 * Frees what is surplus on all nodes, or on one. Idempotent.
 * @throws {FairleadError} `node_not_found`; `bus_disconnected`, after which some nodes may have been asked.
 */
export async function reclaimSurplus(
  caller: Caller,
  { nodeId, ids }: ReclaimRequest,
): Promise<ReclaimAnswer> {
  const total: ReclaimAnswer = { reclaimed: 0, unreachable: [] };
  for await (const runs of batchesOf(caller, nodeId)) {
    for (const { run, reply } of await askNodes(caller, runs, "node.reclaim", { ids })) {
      if (reply) total.reclaimed += reply.reclaimed;
      else total.unreachable.push(run.nodeId);
    }
  }
  caller.log.info("surplus.reclaimed", { nodeId, ...total });
  return total;
}

async function* batchesOf(caller: Caller, nodeId: string | undefined): AsyncGenerator<NodeRun[]> {
  if (nodeId !== undefined) {
    yield await findNode(caller, nodeId);
    return;
  }
  let cursor: string | undefined;
  do {
    const page = await pageOfNodes(caller, { limit: NODES_AT_ONCE, cursor });
    cursor = page.cursor;
    yield page.items;
  } while (cursor !== undefined);
}
