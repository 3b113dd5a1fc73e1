import type { RoomKind } from "@fairlead/protocol";
import { CostHistogram } from "../placement/learned-cost.ts";
import type { PlacementPolicy } from "../placement/placement-policy.ts";
import { Leases } from "./leases.ts";
import { NodeTable } from "./node-table.ts";
import { Orphans } from "./orphans.ts";
import { Reservations } from "./reservations.ts";
import { RoomTable } from "./room-table.ts";

/** All that the registry knows. */
export type RegistryIndex = {
  policy: PlacementPolicy;
  nodes: NodeTable;
  rooms: RoomTable;
  orphans: Orphans;
  reservations: Reservations;
  leases: Leases;
  /** What rooms came to lately. */
  costs: Record<RoomKind, CostHistogram>;
};

export function newIndex(policy: PlacementPolicy): RegistryIndex {
  const rooms = new RoomTable(policy);
  const nodes = new NodeTable(policy);
  const orphans = new Orphans(policy);
  const reservations = new Reservations(policy, nodes.pools);
  const leases = new Leases(policy, { rooms, nodes, orphans, reservations });
  const costs = { meeting: new CostHistogram(), broadcast: new CostHistogram() };
  return { policy, rooms, nodes, orphans, reservations, leases, costs };
}
