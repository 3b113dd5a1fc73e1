import type { GroupCapacity } from "@fairlead/protocol";
import { findingsOf } from "./findings-of.ts";
import type { Action, Decision, Observation, ScaleRules, SeenInstance, SeenNode } from "./observation.ts";
import { type Fleet, isEmpty, sortOut } from "./sort-out.ts";

/** At most this part of a group is on its way at once. */
const STEP = 4;
/** An instance whose node does not beat is given up after so many times the time that a start takes. */
const GIVEN_UP_AFTER_STARTS = 2;

/**
 * What to do with a group now. Nothing is remembered between two calls, so a second autoscaler that takes over goes on where the first one
 * was: nodes say themselves that they drain, for whom and for how long, and the driver says what was asked for.
 *
 * A need is met by ending a drain first, and by starting nodes after that. Nodes go one at a time: drained, empty, removed.
 */
export function decide(seen: Observation, rules: ScaleRules): Decision {
  const fleet = sortOut(seen, rules);
  const findings = findingsOf(seen, fleet, rules);
  const actions = actionsFor(seen, fleet, rules);
  if (actions.length === 0 && wantsLess(seen.capacity, fleet, rules) && !isBusy(seen, fleet, rules))
    findings.push({ what: "nothing_to_drain" });
  return { actions, findings };
}

function actionsFor(seen: Observation, fleet: Fleet, rules: ScaleRules): Action[] {
  const { capacity, instances } = seen;
  if (capacity === null) return startFirst(fleet, seen, rules);
  const wanted = wantedOf(capacity, rules);
  const missing = wanted - fleet.serving;
  const givenUp = instances === null ? [] : giveUp([...fleet.late, ...fleet.silent], seen, fleet, rules);
  if (missing > 0) {
    const returning = fleet.ours.slice(0, missing);
    const count = instances === null ? 0 : mayStart(missing - sureOf(returning, seen), fleet, rules);
    const start = { do: "start", count, wanted, ready: fleet.serving, why: capacity.wantedFor } as const;
    const undrains = returning.map(({ nodeId }) => undrain(nodeId, "needed"));
    return [...undrains, ...givenUp, ...(count > 0 ? [start] : [])];
  }
  if (instances === null) return [];
  const carriedOn = fleet.ours.flatMap((node) => carryOn(node, fleet, rules));
  const isOver = carriedOn.length === fleet.ours.length && carriedOn.every((one) => one.do === "remove");
  // Those that are removed now drain no more: the next one's turn.
  const next = isOver ? drainOne(seen, { ...fleet, ours: [] }, rules) : [];
  return [...givenUp, ...carriedOn, ...next];
}

/** That no fewer are wanted than there are is no need: who counts fewer now looked at another moment, or misses one that has lost the bus. */
function wantedOf({ neededNodes, wantedFor, nodes }: GroupCapacity, { min, max }: ScaleRules): number {
  const isKept = wantedFor === "hysteresis" || (wantedFor === "rooms" && neededNodes <= nodes.ready);
  return isKept ? min : Math.min(Math.max(neededNodes, min), max);
}

/** One that could not be told lately that its drain is over is told again, but others are started in its place. */
function sureOf(returning: readonly SeenNode[], { spared }: Observation): number {
  return returning.filter(({ nodeId }) => !spared.has(nodeId)).length;
}

/**
 * The registry knows other groups and nobody of this one. Instances whose nodes beat as of another group, or may still beat, count; it gets its fewest
 * where there are not as many. Instances that were never heard are not given up: with no node of the group to tell, their nodes may go by other ids.
 */
function startFirst(fleet: Fleet, seen: Observation, rules: ScaleRules): Action[] {
  if (seen.instances === null) return [];
  const { late, silent, leaving, coming, total } = fleet;
  const hopeful = total - late.length - silent.length - leaving - coming;
  const count = mayStart(rules.min - hopeful, fleet, rules);
  const start = { do: "start", count, wanted: rules.min, ready: 0, why: "minimum" } as const;
  return [...giveUp(silent, seen, fleet, rules), ...(count > 0 ? [start] : [])];
}

/**
 * Those on their way are counted, those that are late are not: others are asked for in their place. Nobody is asked for where the newest has come to
 * another group: the next one would too.
 */
function mayStart(missing: number, fleet: Fleet, { max }: ScaleRules): number {
  const { serving, coming, total, comesElsewhere } = fleet;
  if (comesElsewhere) return 0;
  const atOnce = Math.max(1, Math.floor(serving / STEP));
  return Math.max(0, Math.min(missing - coming, atOnce - coming, max - total));
}

/** A node that we drain goes once it is empty; where that takes too long, or the driver can't remove it for as long again, it takes rooms again. */
function carryOn(node: SeenNode, fleet: Fleet, { drainMs }: ScaleRules): Action[] {
  const { nodeId, drain: { forMs = 0 } = {} } = node;
  const instance = fleet.instanceOf.get(nodeId);
  if (!instance) return [undrain(nodeId, "no_instance")];
  if (forMs >= (isEmpty(node) ? 2 * drainMs : drainMs)) return [undrain(nodeId, "unfinished")];
  return isEmpty(node) ? [{ do: "remove", instance, why: "empty", drainedMs: node.drain?.forMs }] : [];
}

/**
 * Their nodes beat nowhere, as long as they were looked at: one at a time. Only where every node of the group is in an instance of the driver: a node may go by
 * another id than the driver says.
 */
function giveUp(
  unheard: readonly SeenInstance[],
  { spared }: Observation,
  { strangers, twice }: Fleet,
  { startMs }: ScaleRules,
): Action[] {
  if (strangers.length > 0 || twice.length > 0) return [];
  const instance = unheard.find(
    ({ nodeId, silentMs }) =>
      nodeId !== null && !spared.has(nodeId) && silentMs >= GIVEN_UP_AFTER_STARTS * startMs,
  );
  return instance ? [{ do: "remove", instance, why: instance.hasBeaten ? "silent" : "never_came" }] : [];
}

function drainOne(seen: Observation, fleet: Fleet, rules: ScaleRules): Action[] {
  if (!wantsLess(seen.capacity, fleet, rules) || isBusy(seen, fleet, rules)) return [];
  const [cheapest] = fleet.ready
    .filter(({ nodeId }) => fleet.instanceOf.has(nodeId) && !seen.spared.has(nodeId))
    .sort((a, b) => a.peers - b.peers || a.rooms - b.rooms || (a.nodeId < b.nodeId ? -1 : 1));
  if (!cheapest) return [];
  const { nodeId, rooms, peers } = cheapest;
  return [{ do: "drain", nodeId, rooms, peers }];
}

/** The registry has waited long enough before it says so. */
function wantsLess(capacity: GroupCapacity | null, { ready }: Fleet, { min }: ScaleRules): boolean {
  return capacity !== null && ready.length > Math.max(capacity.neededNodes, min);
}

/** Nodes come, or go, or came lately: not the moment for another one to go. */
function isBusy({ capacity, instances }: Observation, fleet: Fleet, { settleMs }: ScaleRules): boolean {
  if (!capacity || instances === null || fleet.coming > 0) return true;
  if (fleet.ours.length > 0 || fleet.others.length > 0) return true;
  const { lastCameAtMs } = capacity.nodes;
  return lastCameAtMs !== null && capacity.atMs - lastCameAtMs < settleMs;
}

function undrain(nodeId: string, why: "needed" | "unfinished" | "no_instance"): Action {
  return { do: "undrain", nodeId, why };
}
