import type { GroupCapacity } from "@fairlead/protocol";
import { fromPpm, type PlacementPolicy } from "../policy.ts";
import { type Counts, countedLately, peakPerS, ratesOf } from "./counts.ts";
import { carriesWithout } from "./fewer-nodes.ts";
import type { Share, Sums } from "./share.ts";

/** All that the registry knows of a group. */
export type GroupRecord = Sums & {
  group: string;
  /** Usable cores of the largest ready node. */
  largestNodeCores: number;
  /** When the newest of its nodes was first heard. */
  cameAtMs: number;
  /** Since when it would do with a node less; null: it would not. */
  belowSinceMs: number | null;
  arrivals: Counts;
  refusals: Counts;
  /** All that ever were. */
  refused: number;
  /** The ready node whose peers are fewest. */
  cheapest: (Pick<Share, "nodeId" | "rooms" | "peers"> & { incarnation: string }) | null;
};

/** @property aliveFloorMs Until then the registry heard nobody. */
export type GroupMoment = { nowMs: number; aliveFloorMs: number; roomCostPpm: number };

type Need = { nodes: number; why: string };

/** What a group carries and wants: nothing but a function of its record, so that all who ask are told alike. */
export function groupCapacityOf(
  record: GroupRecord,
  moment: GroupMoment,
  policy: PlacementPolicy,
): GroupCapacity {
  const { nowMs, aliveFloorMs } = moment;
  const { group, ready, draining, withRooms, cores, largestNodeCores, cheapest } = record;
  const { nowPerS, beforePerS } = ratesOf(record.arrivals, nowMs, policy);
  // No silence counts from before.
  const belowSinceMs = record.belowSinceMs === null ? null : Math.max(record.belowSinceMs, aliveFloorMs);
  const needed = neededNodes({ ...record, belowSinceMs }, moment, policy);
  const wanted = withRooms > needed.nodes ? { nodes: withRooms, why: "rooms" } : needed;
  return {
    group,
    atMs: nowMs,
    nodes: { ready, draining, withRooms, lastCameAtMs: record.nodes > 0 ? record.cameAtMs : null },
    cores,
    largestNodeCores,
    demandCores: fromPpm(record.demandPpm),
    roomSlots: record.slots,
    arrivals: {
      lastMinute: countedLately(record.arrivals, nowMs, policy),
      trendPerS: nowPerS - beforePerS,
    },
    refusedJoins: { lastMinute: countedLately(record.refusals, nowMs, policy), total: record.refused },
    belowSinceMs,
    neededNodes: needed.nodes,
    wantedNodes: wanted.nodes,
    wantedFor: wanted.why,
    cheapestToEmpty: cheapest && {
      nodeId: cheapest.nodeId,
      incarnation: cheapest.incarnation,
      rooms: cheapest.rooms,
      peers: cheapest.peers,
    },
  };
}

/** How many ready nodes carry the group well, however its rooms lie. */
function neededNodes(record: GroupRecord, moment: GroupMoment, policy: PlacementPolicy): Need {
  const { ready, belowSinceMs } = record;
  const most = needsOf(record, moment, policy).reduce((a, b) => (b.nodes > a.nodes ? b : a));
  if (most.nodes >= ready) return most;
  const kept = { nodes: ready, why: "hysteresis" };
  if (belowSinceMs === null || moment.nowMs - belowSinceMs < policy.belowForMs) return kept;
  const fewest = fewestNodes(record, moment, policy);
  return fewest > most.nodes ? { nodes: fewest, why: "hysteresis" } : most;
}

/** That many do, whichever go: the same load never wants one back. */
function fewestNodes(record: GroupRecord, { nowMs, roomCostPpm }: GroupMoment, policy: PlacementPolicy) {
  const reserve = { rooms: Math.max(policy.reserveRooms, mostToCome(record, nowMs, policy)), roomCostPpm };
  const most = record.ready - policy.minNodes;
  let fewer = 0;
  while (fewer < most && carriesWithout(fewer + 1, record, reserve, policy)) fewer += 1;
  return record.ready - fewer;
}

function needsOf(record: GroupRecord, { nowMs, roomCostPpm }: GroupMoment, policy: PlacementPolicy): Need[] {
  const { demandPpm, largestNodeCores, ready } = record;
  const { fullPpm, targetPermille } = policy;
  const toCarry = (cores: number) => nodesWith(cores, record);
  const reserve = roomsToCome(record, nowMs, policy);
  const rooms = Math.max(policy.reserveRooms, reserve);
  const why = reserve > policy.reserveRooms ? "arrivals" : "slots";
  const missing = rooms - record.slots;
  const refused = countedLately(record.refusals, nowMs, policy, record.cameAtMs);
  return [
    { nodes: policy.minNodes, why: "minimum" },
    { nodes: toCarry(demandPpm / (targetPermille * 1_000)), why: "demand" },
    { nodes: toCarry(demandPpm / fullPpm + largestNodeCores), why: "largest_node" },
    { nodes: toCarry((demandPpm + rooms * roomCostPpm) / fullPpm), why },
    {
      nodes: missing > 0 ? ready + Math.ceil(missing / slotsPerNode(record, fullPpm / roomCostPpm)) : 0,
      why,
    },
    { nodes: refused > 0 ? ready + 1 : 0, why: "refusals" },
  ];
}

/** @returns How many nodes have so many cores: more are as large as those that there are on average, and if fewer do, the largest go. */
function nodesWith(wantedCores: number, record: GroupRecord): number {
  const { ready, cores, largestNodeCores } = record;
  const missing = wantedCores - cores;
  if (missing > 1e-9) return ready + Math.ceil(missing / coresPerNode(record) - 1e-9);
  return largestNodeCores > 0 ? ready - Math.floor(-missing / largestNodeCores + 1e-9) : ready;
}

/** What a node more has. */
function slotsPerNode(record: GroupRecord, perCore: number): number {
  const { ready, mostPeers } = record;
  const slots = Math.floor(perCore) * coresPerNode(record);
  return Math.max(1, ready > 0 ? Math.min(slots, mostPeers / ready) : slots);
}

/** Usable ones; of a group whose nodes have none, as if each had one. */
function coresPerNode({ ready, draining, cores, drainingCores }: Sums): number {
  return Math.max(1, (cores + drainingCores) / Math.max(1, ready + draining));
}

/** How many will have come when a node that is asked for now has room, if they come as fast as lately, and ever faster as lately. */
function roomsToCome({ arrivals }: GroupRecord, nowMs: number, policy: PlacementPolicy): number {
  const { nowPerS, beforePerS } = ratesOf(arrivals, nowMs, policy);
  const perS = Math.max(beforePerS, nowPerS + Math.max(0, nowPerS - beforePerS));
  return Math.ceil((perS * policy.nodeStartMs) / 1_000);
}

/** The same at the highest rate and the steepest rise of late, and a little more: chance alone does not exceed it soon. */
function mostToCome({ arrivals }: GroupRecord, nowMs: number, policy: PlacementPolicy): number {
  const { beforePerS } = ratesOf(arrivals, nowMs, policy);
  const peak = peakPerS(arrivals, policy);
  const perS = peak + Math.max(0, peak - beforePerS);
  return Math.ceil((perS * policy.nodeStartMs * policy.targetPermille) / (1_000 * policy.belowPermille));
}
