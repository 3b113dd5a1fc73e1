import { FairleadError, type Lease, type RoomOptions, type RoomRecord } from "@fairlead/protocol";
import type { Placement, PlaceRequest } from "@fairlead/registry";
import type { Caller } from "../http/caller.ts";
import { pause } from "../session/pause.ts";
import { askOwner } from "./ask-owner.ts";
import { askRegistry, isUnreachable } from "./ask-registry.ts";
import { claimRoom } from "./claim-room.ts";

/** All that a join needs to know of its room. */
export type PlacedRoom = {
  lease: Lease;
  options: RoomOptions;
  mutes: RoomRecord["mutes"];
  /** Empty when the registry made no debit, because it was away. */
  debitId: string;
};

type JoinPlaceRequest = PlaceRequest & Required<Pick<PlaceRequest, "peer">>;

/** How long a join waits for a registry that has just come up empty, ms. It knows all nodes again after two heartbeats. */
const COLD_PATIENCE_MS = 3_000;
/** Where the registry does not say how long. */
const COLD_RETRY_MS = 500;

/**
 * Says where a peer's room is, or gives it a place. The registry is asked; while it is away, or does not know the nodes yet, the
 * node that serves the room is. Only without a registry a room that nobody serves goes to the winner by rendezvous.
 *
 * @throws {FairleadError} `rate_limited`, `banned`, `no_capacity`; `registry_cold` after 3 s, `registry_unreachable` when no node answers for it
 * either; `node_timeout`, `bus_disconnected`.
 * @param mayClaim Whether without the registry a node may take a room that nobody serves.
 */
export async function placeRoom(
  caller: Caller,
  request: JoinPlaceRequest,
  mayClaim: boolean,
): Promise<PlacedRoom> {
  try {
    return await placeUntilWarm(caller, request, mayClaim);
  } catch (error) {
    const code = error instanceof FairleadError ? error.code : "internal";
    caller.shared.metrics.count("placement.refused", code);
    throw error;
  }
}

async function placeUntilWarm(
  caller: Caller,
  request: JoinPlaceRequest,
  mayClaim: boolean,
): Promise<PlacedRoom> {
  let patienceMs = COLD_PATIENCE_MS;
  let rates = request.rates ?? [];
  for (;;) {
    try {
      return await placeOnce(caller, { ...request, rates }, mayClaim);
    } catch (error) {
      if (!isCold(error)) throw error;
      const waitMs = error.retryAfterMs ?? COLD_RETRY_MS;
      patienceMs -= waitMs;
      if (patienceMs < 0) throw error;
      // It is one join, however often it asks.
      rates = [];
      await pause(caller.shared, waitMs);
    }
  }
}

async function placeOnce(caller: Caller, request: JoinPlaceRequest, mayClaim: boolean): Promise<PlacedRoom> {
  const { registry, metrics } = caller.shared;
  try {
    const placement = await askRegistry(caller.shared, request.rates ?? [], () => registry.place(request));
    caller.onRates(placement.rates);
    metrics.count("peer.placed", placement.decision.reason);
    return fromRegistry(placement);
  } catch (error) {
    if (!isUnreachable(error) && !isCold(error)) throw error;
    // A registry that is cold will know in a moment where the room is, or where it is to go.
    const isFree = mayClaim && !isCold(error);
    const served =
      (await askOwner(caller, request)) ??
      (isFree ? await claimRoom(caller, request.roomId, request.region) : null);
    if (!served) throw error;
    metrics.count("peer.placed", "told_by_node");
    return { ...served, debitId: "" };
  }
}

function fromRegistry({ lease, debitId, room }: Placement): PlacedRoom {
  return { lease, debitId, ...room };
}

/** Said by the registry, or by a node that reaches it when this process does not. */
function isCold(error: unknown): error is FairleadError {
  return error instanceof FairleadError && error.code === "registry_cold";
}
