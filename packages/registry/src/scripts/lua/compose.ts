import type { PlacementPolicy } from "../../placement/placement-policy.ts";
import { BURY } from "./bury.ts";
import { CHOOSE_CORE } from "./choose-core.ts";
import { policyConstants } from "./constants.ts";
import { HEARTBEAT } from "./heartbeat.ts";
import { LEASES } from "./leases.ts";
import { LIST_NODES } from "./list-nodes.ts";
import { NODES } from "./nodes.ts";
import { PLACE } from "./place.ts";
import { DESCRIBE_ROOM, LIST_ROOMS, ROOM_VIEW } from "./read-rooms.ts";
import { REFRESH } from "./refresh.ts";
import { RELEASE, REMOVE_NODE } from "./release.ts";
import { RESERVATIONS } from "./reservations.ts";
import { ROOM_COST } from "./room-cost.ts";
import { ROOM_RECORDS } from "./rooms.ts";
import { SETTLE_CLAIMS } from "./settle-claims.ts";
import { STORE } from "./store.ts";
import { UPDATE_ROOM } from "./update-room.ts";

/** Of each method the pieces that its script consists of, in order: what a piece calls stands in one before it. */
const PIECES = {
  place: [NODES, RESERVATIONS, ROOM_RECORDS, LEASES, ROOM_COST, CHOOSE_CORE, PLACE],
  heartbeat: [NODES, RESERVATIONS, REFRESH, ROOM_RECORDS, LEASES, SETTLE_CLAIMS, BURY, ROOM_COST, HEARTBEAT],
  release: [NODES, RESERVATIONS, ROOM_RECORDS, LEASES, RELEASE],
  removeNode: [NODES, RESERVATIONS, ROOM_RECORDS, LEASES, BURY, REMOVE_NODE],
  describeRoom: [NODES, ROOM_RECORDS, ROOM_VIEW, DESCRIBE_ROOM],
  listRooms: [NODES, ROOM_RECORDS, ROOM_VIEW, LIST_ROOMS],
  updateRoom: [NODES, ROOM_RECORDS, ROOM_VIEW, UPDATE_ROOM],
  listNodes: [NODES, LIST_NODES],
} as const;

export type ScriptName = keyof typeof PIECES;

export const SCRIPT_NAMES = Object.keys(PIECES) as ScriptName[];

/** @returns The text of one method's script under this policy. */
export function composeScript(name: ScriptName, policy: PlacementPolicy): string {
  return [policyConstants(policy), STORE, ...PIECES[name]].join("\n").replaceAll(/\n\s*\n/g, "\n");
}
