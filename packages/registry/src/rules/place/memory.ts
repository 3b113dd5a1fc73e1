import { FairleadError, type Lease, type PlacementDecision, type RoomOptions } from "@fairlead/protocol";
import type { RegistryIndex } from "../../memory/registry-index.ts";
import type { Placement, PlaceRequest } from "../../registry.ts";
import { copyOptions, DEFAULT_ROOM_OPTIONS } from "../../room-options.ts";
import { refuseBanned } from "../bans/memory.ts";
import { chooseToFill } from "../choose-core/fill.ts";
import { type Candidate, type Choice, chooseCore } from "../choose-core/memory.ts";
import { fromPpm, toPpm } from "../policy.ts";
import { movedRoom } from "../reservations/memory.ts";
import { expectedCostPpm, neededPpm } from "../room-cost/memory.ts";
import type { Room } from "../rooms/memory.ts";

/** The registry's answer, but for the name of the debit. */
type Placed = { room: Room; lease: Lease; decision: PlacementDecision };

/**
 * Changes nothing where the peer is banned or there is no capacity: whoever holds the room keeps it until another can.
 * @param debitId Names what the peer is debited.
 * @param ageMs For how long there has been this index; only asked where the room has no lease in force.
 * @throws {FairleadError} `banned`, `registry_cold`, `no_capacity`.
 */
export function placeRoom(
  index: RegistryIndex,
  request: PlaceRequest,
  { debitId, nowMs, ageMs }: { debitId: string; nowMs: number; ageMs(): number },
): Omit<Placement, "rates"> {
  const known = index.rooms.get(request.roomId);
  if (known) refuseBanned(known, request.peer);
  const standing = known ? index.leases.standing(known, request, nowMs) : null;
  if (known && standing) {
    if (standing.incarnation !== request.suspect) index.leases.awaitAgain(known, nowMs);
  } else {
    refuseCold(index, ageMs());
    refuseSilent(index, known, nowMs);
    refuseUntold(index, known, ageMs());
  }
  const placed =
    known && standing
      ? { room: known, lease: standing, decision: explainLiveLease(nowMs) }
      : placeAnew(index, request, nowMs);
  const node = index.nodes.get(placed.lease.incarnation);
  if (request.peer && node && !isExcluded(placed.lease, request))
    index.reservations.addPeer(node, placed.lease, debitId, nowMs);
  return answer(placed, debitId);
}

/** Of a standing lease: its core has turned the peer away before, so that nobody would settle a debit. */
function isExcluded({ incarnation, core }: Lease, { exclude = [] }: PlaceRequest): boolean {
  return exclude.some((other) => other.incarnation === incarnation && other.core === core);
}

function refuseCold({ policy }: RegistryIndex, ageMs: number): void {
  if (ageMs < policy.coldMs)
    throw new FairleadError("registry_cold", { retryAfterMs: policy.coldMs - ageMs });
}

/** A node that lives may still have to name the room. */
function refuseUntold({ nodes, policy }: RegistryIndex, known: Room | undefined, ageMs: number): void {
  if (!known?.lease && nodes.telling.isUnderWay(ageMs))
    throw new FairleadError("registry_cold", { retryAfterMs: policy.retryWhenSilentMs });
}

/** After a silence of all nodes their leases say nothing; who serves the room, if anybody does, knows only the bus. */
function refuseSilent({ nodes, policy }: RegistryIndex, known: Room | undefined, nowMs: number): void {
  const silentForMs = nodes.silentForMs(nowMs);
  if (silentForMs !== null && (known?.lease || silentForMs < policy.nodeTtlMs))
    throw new FairleadError("registry_cold", { retryAfterMs: policy.retryWhenSilentMs });
}

function placeAnew(index: RegistryIndex, request: PlaceRequest, nowMs: number): Placed {
  const { rooms, leases, reservations, nodes } = index;
  const known = rooms.get(request.roomId);
  const options = known?.options ?? request.options ?? DEFAULT_ROOM_OPTIONS;
  const peers = known?.peers ?? 0;
  const costPpm = expectedCostPpm(index.costs[options.kind].p75Ppm(), peers, index.policy);
  const choice = chooseFor(index, request, { options, needPpm: neededPpm(peers, index.policy), nowMs });
  if (choice.state === "no_capacity") {
    const { region = request.region, nodeId } = options;
    const wish = { region, labels: [...options.labels, ...(request.labels ?? [])], nodeId };
    if (request.peer) index.groups.countRefusal(wish, nowMs, request.groups);
    throw new FairleadError("no_capacity", { retryAfterMs: choice.retryAfterMs });
  }
  // A room that was served before is no arrival.
  if (!known?.lease) index.groups.countArrival(choice.core.incarnation, nowMs, request.fills);
  const decision = explainChoice(choice.candidates, nowMs);
  const room = rooms.obtain(request.roomId, nowMs, options);
  // It begins now: there is nothing that a node could know of it.
  room.said = null;
  const lease = leases.claim(room, choice.core, decision, nowMs);
  const node = nodes.get(lease.incarnation);
  const { movedLoad } = request;
  const moved =
    movedLoad === undefined ? null : movedRoom({ costPpm: toPpm(movedLoad), peers }, index.policy);
  if (node) reservations.startRoom(node, lease, moved ?? { costPpm }, nowMs);
  return { room, lease, decision };
}

function chooseFor(
  { nodes, groups, policy }: RegistryIndex,
  { region, labels = [], exclude, suspect, fills }: PlaceRequest,
  { options, needPpm, nowMs }: { options: RoomOptions; needPpm: number; nowMs: number },
): Choice {
  const chooser = { pools: nodes.pools, policy, runsOf: (nodeId: string) => nodes.runsOf(nodeId) };
  const wish = {
    region: options.region ?? region,
    labels: [...new Set([...options.labels, ...labels])],
    nodeId: options.nodeId,
    exclude,
    suspect,
    needPpm,
  };
  const isFast = (incarnation: string) => groups.isFast(incarnation, nowMs);
  const filled = fills ? chooseToFill(chooser, wish, { moment: nodes.momentAt(nowMs), isFast }) : null;
  return filled ?? chooseCore(chooser, wish, nodes.momentAt(nowMs));
}

/** All of it the caller's own. */
function answer({ room, lease, decision }: Placed, debitId: string): Omit<Placement, "rates"> {
  return {
    lease: { ...lease },
    isNew: decision.reason === "least_loaded",
    debitId,
    room: { options: copyOptions(room.options), mutes: room.mutes.map((mute) => ({ ...mute })) },
    decision: copyDecision(decision),
  };
}

function copyDecision({ candidates, ...decision }: PlacementDecision): PlacementDecision {
  return { ...decision, candidates: candidates.map((candidate) => ({ ...candidate })) };
}

/** @param candidates Best first. @returns Why a room came to be where it is; loads before the debit. */
export function explainChoice(candidates: readonly Candidate[], nowMs: number): PlacementDecision {
  return {
    reason: "least_loaded",
    atMs: nowMs,
    candidates: candidates.map(({ nodeId, core, loadPpm }) => ({ nodeId, core, load: fromPpm(loadPpm) })),
  };
}

/** The room is where it was: nothing was compared. */
function explainLiveLease(nowMs: number): PlacementDecision {
  return { reason: "live_lease", atMs: nowMs, candidates: [] };
}
