import { callSubject } from "@fairlead/bus";
import { type ErrorCode, FairleadError, type NodeCallReply, subjects } from "@fairlead/protocol";
import type { PlaceRequest } from "@fairlead/registry";
import type { SignalingContext } from "../context.ts";

/** A room that a node serves, as the node itself tells it. */
export type ServedRoom = NodeCallReply<"room.owner">;

const OWNER_TIMEOUT_MS = 500;
/** Nobody listens, or whoever does has just lost the room. */
const UNSERVED: readonly ErrorCode[] = ["node_unreachable", "room_not_found", "lease_lost"];

/**
 * Asks on the bus for the node that serves a room, which answers for itself whatever the registry knows.
 * @returns null when nobody serves it.
 * @throws {FairleadError} `banned` as far as the node knows; `node_timeout` when it does not answer, which is no proof that
 * the room is free; `bus_disconnected`.
 */
export async function askOwner(
  { bus }: SignalingContext,
  { roomId, peer }: Required<Pick<PlaceRequest, "roomId" | "peer">>,
): Promise<ServedRoom | null> {
  try {
    const options = { timeoutMs: OWNER_TIMEOUT_MS };
    return await callSubject(bus, subjects.roomOwner(roomId), "room.owner", { roomId, peer }, options);
  } catch (error) {
    if (error instanceof FairleadError && UNSERVED.includes(error.code)) return null;
    throw error;
  }
}
