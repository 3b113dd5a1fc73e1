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
const RESERVATIONS = ["rules/reservations/script"] as const satisfies Piece[];
/** A lease changes, and with it the room's record and its reservations. */
const CHANGES = [
  "rules/reservations/end",
  "rules/rooms/changes",
  "rules/orphans/script",
  "rules/leases/slots",
  "rules/leases/script",
] as const satisfies Piece[];

/** Of each method the pieces that its script consists of, in order: what a piece calls stands in one before it. */
const PIECES = {
  place: [
    ...NODES,
    ...RESERVATIONS,
    "rules/rooms/script",
    "rules/bans/script",
    "rules/rates/script",
    "rules/place/standing",
    ...CHANGES,
    "rules/room-cost/script",
    "rules/choose-core/script",
    "rules/place/anew",
  ],
  count: ["rules/rates/script", "scripts/methods/count"],
  heartbeat: [
    ...NODES,
    ...RESERVATIONS,
    "rules/rooms/script",
    ...CHANGES,
    "rules/reservations/refresh",
    "rules/settle-claims/script",
    "rules/lease-pages/script",
    "rules/graves/script",
    "rules/bury-nodes/script",
    "rules/bury-nodes/hand-out",
    "rules/liveness/hear",
    "rules/room-cost/script",
    "rules/beat-interval/script",
    "rules/heartbeat/script",
  ],
  release: [...NODES, ...RESERVATIONS, "rules/rooms/script", ...CHANGES, "scripts/methods/release"],
  removeNode: [
    ...NODES,
    ...RESERVATIONS,
    "rules/rooms/script",
    ...CHANGES,
    "rules/graves/script",
    "rules/bury-nodes/script",
    "scripts/methods/remove-node",
  ],
  describeRoom: [
    ...NODES,
    "rules/rooms/script",
    "rules/bans/script",
    "rules/room-record/view",
    "scripts/methods/describe-room",
  ],
  listRooms: [
    ...NODES,
    "rules/rooms/script",
    "rules/bans/script",
    "rules/room-record/view",
    "scripts/methods/list-rooms",
  ],
  updateRoom: [
    ...NODES,
    "rules/rooms/script",
    "rules/rooms/changes",
    "rules/bans/script",
    "rules/room-record/view",
    "rules/room-record/script",
  ],
  listNodes: [...NODES, "scripts/methods/list-nodes"],
} as const satisfies Record<string, Piece[]>;

export type ScriptName = keyof typeof PIECES;

export const SCRIPT_NAMES = Object.keys(PIECES) as ScriptName[];

/** @returns The text of one method's script under this policy. */
export function composeScript(name: ScriptName, policy: PlacementPolicy): string {
  // A steady heartbeat ends before any function is made.
  const early: Piece[] = name === "heartbeat" ? ["rules/index-time/script", "rules/heartbeat/steady"] : [];
  const pieces: Piece[] = ["scripts/store", ...early, "scripts/store-changes", ...PIECES[name]];
  const text = pieces.map((piece) => LUA[piece]).join("\n");
  return [policyConstants(policy, text), text].join("\n").replaceAll(/\n\s*\n/g, "\n");
}

/**
 * The policy as constants of the script's text: an argument would have to be parsed at each call. Registries of one cluster
 * share their policy, so Redis caches one version of each script. Only those that the text names: Lua allows 200 local names.
 */
function policyConstants(policy: PlacementPolicy, text: string): string {
  const used = new Set(text.match(/\b[A-Z][A-Z0-9_]+\b/g));
  return Object.entries({ ...policy, epochModulus: EPOCH_MODULUS, leaseSlots: LEASE_SLOTS })
    .map(([name, value]) => ({ name: toConstantName(name), value }))
    .filter(({ name }) => used.has(name))
    .map(({ name, value }) => `local ${name} = ${toLua(value)}`)
    .join("\n");
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
