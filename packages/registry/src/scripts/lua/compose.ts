import type { PlacementPolicy } from "../../placement/placement-policy.ts";
import { BURY } from "./bury.ts";
import { CHOOSE_CORE } from "./choose-core.ts";
import { policyConstants } from "./constants.ts";
import { HEARTBEAT } from "./heartbeat.ts";
import { LEASES } from "./leases.ts";
import { LIST_NODES } from "./list-nodes.ts";
import { NODES } from "./nodes.ts";
import { PLACE_ANEW, PLACE_STANDING } from "./place.ts";
import { QUIET_HEARTBEAT } from "./quiet-heartbeat.ts";
import { COUNT_RATES, RATES } from "./rates.ts";
import { DESCRIBE_ROOM, LIST_ROOMS, ROOM_VIEW } from "./read-rooms.ts";
import { REFRESH, REFRESH_YOUNG } from "./refresh.ts";
import { RELEASE, REMOVE_NODE } from "./release.ts";
import { RESERVATIONS, RESERVATIONS_END } from "./reservations.ts";
import { ROOM_COST } from "./room-cost.ts";
import { ROOM_CHANGES, ROOM_RECORDS } from "./rooms.ts";
import { SETTLE_CLAIMS } from "./settle-claims.ts";
import { STEADY_HEARTBEAT } from "./steady-heartbeat.ts";
import { STORE, STORE_CHANGES } from "./store.ts";
import { UPDATE_ROOM } from "./update-room.ts";

/** What the lease of a room draws with it. */
const CHANGES = [RESERVATIONS_END, ROOM_CHANGES, LEASES];

/** Of each method the pieces that its script consists of, in order: what a piece calls stands in one before it. */
const PIECES = {
  place: [
    ...[STORE_CHANGES, NODES, RESERVATIONS, ROOM_RECORDS, RATES, PLACE_STANDING],
    ...[...CHANGES, ROOM_COST, CHOOSE_CORE, PLACE_ANEW],
  ],
  count: [STORE_CHANGES, RATES, COUNT_RATES],
  heartbeat: [
    ...[STEADY_HEARTBEAT, STORE_CHANGES, NODES, RESERVATIONS, REFRESH_YOUNG, QUIET_HEARTBEAT],
    ...[ROOM_RECORDS, ...CHANGES, REFRESH, SETTLE_CLAIMS, BURY, ROOM_COST, HEARTBEAT],
  ],
  release: [STORE_CHANGES, NODES, RESERVATIONS, ROOM_RECORDS, ...CHANGES, RELEASE],
  removeNode: [STORE_CHANGES, NODES, RESERVATIONS, ROOM_RECORDS, ...CHANGES, BURY, REMOVE_NODE],
  describeRoom: [STORE_CHANGES, NODES, ROOM_RECORDS, ROOM_VIEW, DESCRIBE_ROOM],
  listRooms: [STORE_CHANGES, NODES, ROOM_RECORDS, ROOM_VIEW, LIST_ROOMS],
  updateRoom: [STORE_CHANGES, NODES, ROOM_RECORDS, ROOM_CHANGES, ROOM_VIEW, UPDATE_ROOM],
  listNodes: [STORE_CHANGES, NODES, LIST_NODES],
} as const;

export type ScriptName = keyof typeof PIECES;

export const SCRIPT_NAMES = Object.keys(PIECES) as ScriptName[];

/** @returns The text of one method's script under this policy. */
export function composeScript(name: ScriptName, policy: PlacementPolicy): string {
  return [policyConstants(policy), STORE, ...PIECES[name]].join("\n").replaceAll(/\n\s*\n/g, "\n");
}
