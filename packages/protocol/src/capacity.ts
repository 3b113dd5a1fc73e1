import * as z from "zod";
import { Incarnation, NodeId } from "./ids.ts";

/**
 * The nodes that are scaled together, e.g. `eu-west+gpu`. Each node is in exactly one group, unlike in placement's pools, which overlap.
 */
export const GroupName = z.string().regex(/^[A-Za-z0-9._+-]{1,128}$/);
export type GroupName = z.infer<typeof GroupName>;

/** The group of a node that names none: its region and its sorted labels; other characters than a name may have read `-`. */
export function defaultGroupOf({ region, labels }: { region: string; labels: readonly string[] }): GroupName {
  const name = [region, ...[...new Set(labels)].sort()].join("+");
  return name.replaceAll(/[^A-Za-z0-9._+-]/g, "-").slice(0, 128) || "default";
}

/** What decides how many nodes a group wants. Later builds may have other words. */
export const WantedFor = z.string().max(32);

/** What a group carries and wants, as the registry knows it. */
export const GroupCapacity = z.object({
  group: GroupName,
  /** By the registry's clock, milliseconds since 1970. */
  atMs: z.number(),
  nodes: z.object({
    /** That take rooms. */
    ready: z.int().min(0),
    draining: z.int().min(0),
    /** That have rooms, draining ones too. */
    withRooms: z.int().min(0),
    /** When the newest of them was first heard; null: none is there. */
    lastCameAtMs: z.number().nullable(),
  }),
  /** Usable cores of ready nodes. */
  cores: z.int().min(0),
  /** Usable cores of the largest ready node. */
  largestNodeCores: z.int().min(0),
  /**
   * What ready and draining nodes carry, and have promised to peers on their way and to young rooms, in cores. A room counts once, at the
   * holder of its lease: what it still costs where it has just left is not in it.
   */
  demandCores: z.number().min(0),
  /** How many rooms more fit below the load at which a core is full, at what rooms here were seen to cost. */
  roomSlots: z.int().min(0),
  /** Rooms that were placed anew: within the last minute, and by how much faster a second they come than in the four minutes before. */
  arrivals: z.object({ lastMinute: z.int().min(0), trendPerS: z.number() }),
  /** Joins that no node of the group had room for. */
  refusedJoins: z.object({ lastMinute: z.int().min(0), total: z.int().min(0) }),
  /** Since when the group would do with a node less; null: it would not. */
  belowSinceMs: z.number().nullable(),
  /**
   * How many ready nodes carry it well, however its rooms lie: for whoever empties a node before it goes. With hysteresis: not below those that
   * are ready until it would have done with a node less for long enough.
   */
  neededNodes: z.int().min(0),
  /** How many nodes it should have, for whoever can't choose which one goes: `neededNodes`, and not below those that have rooms. */
  wantedNodes: z.int().min(0),
  /** `demand`, `slots`, `arrivals`, `refusals`, `largest_node`, `rooms` (nodes still have some), `hysteresis`, `minimum`. */
  wantedFor: WantedFor,
  /** The ready node whose peers are fewest; null: none is there. */
  cheapestToEmpty: z
    .object({ nodeId: NodeId, incarnation: Incarnation, rooms: z.int().min(0), peers: z.int().min(0) })
    .nullable(),
});
export type GroupCapacity = z.infer<typeof GroupCapacity>;

/** @see `GET /v1/capacity` */
export const CapacityAnswer = z.object({ groups: z.array(GroupCapacity).min(1) });
export type CapacityAnswer = z.infer<typeof CapacityAnswer>;
