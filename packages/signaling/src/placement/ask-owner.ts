import { callSubject } from "@fairlead/bus";
import { FairleadError, isSessionLost, type NodeCallReply, subjects } from "@fairlead/protocol";
import type { PlaceRequest } from "@fairlead/registry";
import type { Caller } from "../http/caller.ts";

/** A room that a node serves, as the node itself tells it. */
export type ServedRoom = NodeCallReply<"room.owner">;

const OWNER_TIMEOUT_MS = 500;

/**
 * Asks on the bus for the node that serves a room, which answers for itself whatever the registry knows.
 * @returns null when nobody serves it.
 * @throws {FairleadError} `banned` as far as the node knows; `node_timeout` when it does not answer, which is no proof that
 * the room is free; `bus_disconnected`.
 */
export async function askOwner(
  { bus }: Caller,
  { roomId, peer }: Required<Pick<PlaceRequest, "roomId" | "peer">>,
): Promise<ServedRoom | null> {
  try {
    const options = { timeoutMs: OWNER_TIMEOUT_MS };
    return await callSubject(bus, subjects.roomOwner(roomId), "room.owner", { roomId, peer }, options);
  } catch (error) {
    // Nobody listens, or the node that does has just lost the room.
    if (error instanceof FairleadError && isSessionLost(error.code)) return null;
    throw error;
  }
}
