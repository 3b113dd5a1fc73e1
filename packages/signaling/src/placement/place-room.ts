import { FairleadError, type Lease, type RoomOptions, type RoomRecord } from "@fairlead/protocol";
import type { Placement, PlaceRequest } from "@fairlead/registry";
import type { SignalingContext } from "../context.ts";
import { pause } from "../session/pause.ts";
import { askOwner, type ServedRoom } from "./ask-owner.ts";
import { claimRoom } from "./claim-room.ts";

/** What a join needs to know of the room that it goes to. */
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
 * @throws {FairleadError} `banned`, `no_capacity`; `registry_cold` after 3 s, `registry_unreachable` when no node answers for it
 * either; `node_timeout`, `bus_disconnected`.
 */
export async function placeRoom(context: SignalingContext, request: JoinPlaceRequest): Promise<PlacedRoom> {
  let patienceMs = COLD_PATIENCE_MS;
  for (;;) {
    try {
      return fromRegistry(await askRegistry(context, request));
    } catch (error) {
      if (!isAway(error)) throw error;
      const served = await placeByBus(context, request, error);
      if (served) return { ...served, debitId: "" };
      const waitMs = error.code === "registry_cold" ? (error.retryAfterMs ?? COLD_RETRY_MS) : Infinity;
      patienceMs -= waitMs;
      if (patienceMs < 0) throw error;
      await pause(context, waitMs);
    }
  }
}

function askRegistry({ registry, breaker }: SignalingContext, request: PlaceRequest): Promise<Placement> {
  return breaker.run(() => registry.place(request), isUnreachable, notAsked);
}

/** @returns null when nobody serves the room, and nobody may or can take it. */
async function placeByBus(
  context: SignalingContext,
  request: JoinPlaceRequest,
  error: FairleadError,
): Promise<ServedRoom | null> {
  const served = await askOwner(context, request);
  if (served || error.code === "registry_cold") return served;
  return claimRoom(context, request.roomId, request.region);
}

function fromRegistry({ lease, debitId, room }: Placement): PlacedRoom {
  return { lease, debitId, ...room };
}

function isAway(error: unknown): error is FairleadError {
  return isUnreachable(error) || (error instanceof FairleadError && error.code === "registry_cold");
}

function isUnreachable(error: unknown): boolean {
  return error instanceof FairleadError && error.code === "registry_unreachable";
}

function notAsked(): FairleadError {
  return new FairleadError("registry_unreachable", { message: "it has not answered for a while" });
}
