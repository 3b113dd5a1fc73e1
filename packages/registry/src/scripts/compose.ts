import { EPOCH_MODULUS, LEASE_SLOTS } from "@fairlead/protocol";
import type { PlacementPolicy } from "../rules/policy.ts";
import { LUA } from "./lua-texts.ts";

type Piece = keyof typeof LUA;

const NODES = [
  "rules/nodes/script",
  "rules/liveness/script",
  "rules/core-load/script",
  "rules/node-pools/script",
  "rules/nodes/save",
] as const satisfies Piece[];
const ROOMS = ["rules/rooms/script", "rules/broadcasts/script"] as const satisfies Piece[];
/** What readers of records get. */
const VIEWS = [...NODES, ...ROOMS, "rules/bans/script", "rules/room-record/view"] as const satisfies Piece[];
const RESERVATIONS = ["rules/reservations/script"] as const satisfies Piece[];
/** A lease changes, and with it the room's record and its reservations. */
const CHANGES = [
  "rules/reservations/end",
  "rules/broadcasts/changes",
  "rules/rooms/changes",
  "rules/orphans/script",
  "rules/leases/slots",
  "rules/leases/script",
] as const satisfies Piece[];

/** What nodes add to their groups' sums. */
const SHARES = ["rules/capacity/shares"] as const satisfies Piece[];

/** Of each method the pieces that its script consists of, in order: what a piece calls stands in one before it. */
const PIECES = {
  place: [
    ...NODES,
    ...RESERVATIONS,
    ...ROOMS,
    "rules/bans/script",
    "rules/rates/script",
    "rules/place/standing",
    ...CHANGES,
    "rules/room-cost/script",
    "rules/choose-core/script",
    "rules/capacity/counts",
    "rules/choose-core/fill",
    "rules/place/anew",
  ],
  count: ["rules/rates/script", "scripts/methods/count"],
  heartbeat: [
    ...NODES,
    ...RESERVATIONS,
    ...ROOMS,
    ...CHANGES,
    "rules/reservations/refresh",
    "rules/settle-claims/script",
    "rules/lease-pages/script",
    "rules/graves/script",
    "rules/telling/script",
    "rules/bury-nodes/script",
    "rules/bury-nodes/hand-out",
    "rules/liveness/hear",
    "rules/room-cost/script",
    "rules/beat-interval/script",
    "rules/heartbeat/script",
  ],
  release: [...NODES, ...RESERVATIONS, ...ROOMS, ...CHANGES, "scripts/methods/release"],
  removeNode: [
    ...NODES,
    ...RESERVATIONS,
    ...ROOMS,
    ...CHANGES,
    "rules/graves/script",
    "rules/telling/script",
    ...SHARES,
    "rules/bury-nodes/script",
    "scripts/methods/remove-node",
  ],
  describeRoom: [...VIEWS, "scripts/methods/describe-room"],
  listRooms: [...VIEWS, "scripts/methods/list-rooms"],
  listBroadcasts: [...VIEWS, "scripts/methods/list-broadcasts"],
  updateRoom: [...VIEWS, "rules/broadcasts/changes", "rules/rooms/changes", "rules/room-record/script"],
  listNodes: [...NODES, "scripts/methods/list-nodes"],
  listGroups: [...NODES, ...SHARES, "scripts/methods/list-groups"],
  holdRole: ["scripts/methods/hold-role"],
  releaseRole: ["scripts/methods/release-role"],
  beatLive: ["rules/lives/script", "scripts/methods/beat-live"],
  removeLive: ["rules/lives/script", "scripts/methods/remove-live"],
  listLives: ["rules/lives/script", "scripts/methods/list-lives"],
} as const satisfies Record<string, Piece[]>;

export type ScriptName = keyof typeof PIECES;

export const SCRIPT_NAMES = Object.keys(PIECES) as ScriptName[];

/** @returns The text of one method's script under this policy. */
export function composeScript(name: ScriptName, policy: PlacementPolicy): string {
  // A steady heartbeat ends before any function is made.
  const early: Piece[] =
    name === "heartbeat" ? ["rules/index-time/script", ...SHARES, "rules/heartbeat/steady"] : [];
  const pieces: Piece[] = ["scripts/store", ...early, "scripts/store-changes", ...PIECES[name]];
  return withPolicy(pieces.map((piece) => LUA[piece]).join("\n"), policy).replaceAll(/\n\s*\n/g, "\n");
}

/**
 * The policy stands in the script's text: an argument would have to be parsed at each call, and Lua allows 200 local names. Registries of one
 * cluster share their policy, so Redis caches one version of each script.
 */
function withPolicy(text: string, policy: PlacementPolicy): string {
  const numbers = { ...policy, epochModulus: EPOCH_MODULUS, leaseSlots: LEASE_SLOTS };
  const known = new Map(Object.entries(numbers).map(([name, value]) => [toConstantName(name), value]));
  const lists: string[] = [];
  const body = text.replaceAll(/\b[A-Z][A-Z0-9_]+\b/g, (name) => {
    const value = known.get(name);
    if (typeof value === "number") return toLua(value);
    if (value && !lists.includes(name)) lists.push(name);
    return name;
  });
  return [...lists.map((name) => `local ${name} = ${toLua(known.get(name) ?? [])}`), body].join("\n");
}

/** `nodeTtlMs` → `NODE_TTL_MS`. */
function toConstantName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function toLua(value: number | readonly number[]): string {
  if (typeof value !== "number") return `{ ${value.map(toLua).join(", ")} }`;
  if (!Number.isSafeInteger(value)) throw new RangeError(`a policy consists of integers, not ${value}`);
  return value.toString();
}
