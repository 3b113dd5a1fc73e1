import { defaultGroupOf, type GroupCapacity, type NodeStatus } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { SeenNode } from "../decide/observation.ts";

/** The part of the registry that scaling needs. */
export type ScaleRegistry = Pick<Registry, "listGroups" | "listNodes">;

/** What the registry says of all groups at one moment. */
export type Signal = {
  capacities: ReadonlyMap<string, GroupCapacity>;
  nodes: ReadonlyMap<string, SeenNode[]>;
};

const PAGE = 100;

/** @throws {FairleadError} `registry_cold`, `registry_unreachable`: nobody knows, so nothing may change. */
export async function readSignal(registry: ScaleRegistry): Promise<Signal> {
  const [groups, nodes] = await Promise.all([registry.listGroups(), listAllNodes(registry)]);
  return {
    capacities: new Map(groups.map((capacity) => [capacity.group, capacity])),
    nodes: Map.groupBy(nodes.map(seenNode), ({ group }) => group),
  };
}

async function listAllNodes(registry: ScaleRegistry): Promise<NodeStatus[]> {
  const all: NodeStatus[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const page = await registry.listNodes({ limit: PAGE, ...(cursor === "" ? {} : { cursor }) });
    all.push(...page.items);
    cursor = page.cursor;
  }
  return all;
}

function seenNode({ nodeId, state, drain, busConnected, cores, ...node }: NodeStatus) {
  const sum = (of: "rooms" | "peers") => cores.reduce((total, core) => total + core[of], 0);
  return {
    group: node.group ?? defaultGroupOf(node),
    ...{ nodeId, state, drain, busConnected },
    rooms: sum("rooms"),
    peers: sum("peers"),
  };
}
