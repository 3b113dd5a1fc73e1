import type { RoomKind } from "@fairlead/protocol";
import { Groups } from "../rules/capacity/memory.ts";
import { Leases } from "../rules/leases/memory.ts";
import { NodeTable } from "../rules/nodes/memory.ts";
import { Orphans } from "../rules/orphans/memory.ts";
import type { PlacementPolicy } from "../rules/policy.ts";
import { Reservations } from "../rules/reservations/memory.ts";
import { CostHistogram } from "../rules/room-cost/memory.ts";
import { RoomTable } from "../rules/rooms/memory.ts";

/** All that the registry knows. */
export type RegistryIndex = {
  policy: PlacementPolicy;
  nodes: NodeTable;
  rooms: RoomTable;
  orphans: Orphans;
  reservations: Reservations;
  leases: Leases;
  groups: Groups;
  /** What rooms came to lately. */
  costs: Record<RoomKind, CostHistogram>;
};

export function newIndex(policy: PlacementPolicy): RegistryIndex {
  const rooms = new RoomTable(policy);
  const nodes = new NodeTable(policy);
  const orphans = new Orphans(policy);
  const reservations = new Reservations(policy, nodes.pools);
  const leases = new Leases(policy, { rooms, nodes, orphans, reservations });
  const costs = { meeting: new CostHistogram(policy), broadcast: new CostHistogram(policy) };
  return { policy, rooms, nodes, orphans, reservations, leases, groups: new Groups(policy), costs };
}

/** What rooms of all kinds came to lately. */
export function learnedPpm({ meeting, broadcast }: RegistryIndex["costs"]): number {
  return meeting.p75Ppm(broadcast);
}
