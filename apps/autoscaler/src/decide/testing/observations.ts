import type { DrainStatus, GroupCapacity } from "@fairlead/protocol";
import { DRAINED_BY, type Observation, type SeenInstance, type SeenNode } from "../observation.ts";

type CapacityGiven = Partial<GroupCapacity> & { lastCameAtMs?: number | null };

/** Of a group that wants nothing, unless it is said otherwise. */
export function capacityOf({ lastCameAtMs = null, ...given }: CapacityGiven = {}): GroupCapacity {
  return {
    group: "default",
    atMs: 0,
    nodes: { ready: 0, draining: 0, withRooms: 0, lastCameAtMs },
    cores: 4,
    largestNodeCores: 1,
    demandCores: 1,
    roomSlots: 100,
    arrivals: { lastMinute: 0, trendPerS: 0 },
    refusedJoins: { lastMinute: 0, total: 0 },
    belowSinceMs: null,
    neededNodes: 2,
    wantedNodes: 2,
    wantedFor: "demand",
    cheapestToEmpty: null,
    ...given,
  };
}

export function nodeOf(nodeId: string, given: Partial<SeenNode> = {}): SeenNode {
  return { nodeId, state: "ready", busConnected: true, rooms: 0, peers: 0, ...given };
}

type DrainGiven = Partial<Omit<SeenNode, "drain">> &
  Partial<Omit<DrainStatus, "by">> & { by?: string | null };

/** @param given.by Default: the autoscaler; null: nobody's name. */
export function drainingOf(nodeId: string, given: DrainGiven = {}): SeenNode {
  const { by = DRAINED_BY, forMs = 10_000, lingering = 0, ...node } = given;
  const drain = { forMs, lingering, ...(by === null ? {} : { by }) };
  return nodeOf(nodeId, { ...node, state: "draining", drain });
}

/** Of a node that goes by its name, looked at for an hour without being heard, unless it is said otherwise. */
export function instanceOf(id: string, given: Partial<SeenInstance> = {}): SeenInstance {
  const { ageMs = 0 } = given;
  const watched = { ageMs, silentMs: ageMs, hasBeaten: false };
  return { id, nodeId: id, askedAtMs: 0, ...watched, ...given };
}

export function seen(given: Partial<Observation>): Observation {
  const nothing = { elsewhere: new Map(), instances: [], unlisted: 0, spared: new Set<string>() };
  return { capacity: capacityOf(), nodes: [], ...nothing, removed: new Set(), ...given };
}
