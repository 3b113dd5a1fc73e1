import type { NodeCallReply } from "@fairlead/protocol";
import { advertCores, countRooms } from "../heartbeat/compose-heartbeat.ts";
import type { Drain } from "../lease/drain.ts";
import type { Joins } from "../rooms/joins.ts";
import type { Rooms } from "../rooms/rooms.ts";
import type { Core } from "../worker/core.ts";
import { leastLoadedCore } from "../worker/least-loaded-core.ts";
import type { NetworkMeter } from "../worker/network-meter.ts";
import type { NodeIdentity } from "./node-identity.ts";

export type DescribeDeps = {
  node: NodeIdentity;
  cores: readonly Core[];
  rooms: Rooms;
  joins: Joins;
  network: NetworkMeter;
  drain: Drain;
  now: () => number;
};

/** The node's answer to the question which nodes are on the bus. */
export function describeNode(deps: DescribeDeps): NodeCallReply<"node.describe"> {
  const { nodeId, incarnation, region, labels, version, capacity } = deps.node;
  const cores = advertCores(deps.cores, countRooms(deps.rooms));
  const advert = { version, capacity, networkLoad: deps.network.load, cores };
  return { nodeId, incarnation, state: deps.drain.state, region, labels, load: loadOf(deps), advert };
}

function loadOf({ cores, rooms, joins, network, now }: DescribeDeps): number | null {
  const core = joins.isNodeFull ? undefined : leastLoadedCore(cores, rooms, now());
  return core ? Math.min(Math.max(core.load, network.load), 4) : null;
}
