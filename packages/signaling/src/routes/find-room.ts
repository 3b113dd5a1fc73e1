import {
  ERRORS,
  FairleadError,
  type Lease,
  type RoomRecord,
  type RoomSummary,
  randomId,
} from "@fairlead/protocol";
import type { Caller } from "../http/caller.ts";
import { askOwner, type ServedRoom } from "../placement/ask-owner.ts";
import type { SignalingProcess } from "../signaling-process.ts";
import { knowsNodes } from "./find-nodes.ts";

/**
 * The room's record, of the registry alone: for calls that change it.
 * @throws {FairleadError} `room_not_found`; `registry_unreachable`, `registry_cold`.
 */
export async function findRoom(
  { registry }: Pick<SignalingProcess, "registry">,
  roomId: string,
): Promise<RoomRecord> {
  const record = await registry.describeRoom(roomId);
  if (record) return record;
  throw new FairleadError((await knowsNodes({ registry })) ? "room_not_found" : "registry_cold");
}

/** A running room as its own node tells it, which counts whatever the registry knows. */
type RunningRoom = Pick<RoomRecord, "roomId" | "createdAtMs" | "options" | "lease" | "decision"> & {
  source?: "bus";
};

/**
 * The room, from the registry; while that is away or does not know it, from the node that serves it.
 * @throws {FairleadError} `room_not_found`; `registry_unreachable`, `registry_cold`: and no node answers for it either.
 */
export async function readRoom(caller: Caller, roomId: string): Promise<RunningRoom> {
  try {
    return await findRoom(caller.shared, roomId);
  } catch (error) {
    const isAnswer = !(error instanceof FairleadError) || !UNKNOWING.includes(error.code);
    const served = isAnswer ? null : await askNode(caller, roomId);
    if (!served) throw error;
    const { lease, options } = served;
    return { roomId, createdAtMs: lease.epoch, options, lease, decision: null, source: "bus" };
  }
}

const UNKNOWING = ["registry_unreachable", "registry_cold", "room_not_found"];

/** @returns null when no node answers for the room. */
export async function askNode(caller: Caller, roomId: string): Promise<ServedRoom | null> {
  const nobody = { identity: randomId(), ticketId: randomId() };
  return askOwner(caller, { roomId, peer: nobody }).catch((error: unknown) => {
    if (error instanceof FairleadError) return null;
    throw error;
  });
}

/** @throws {FairleadError} As `readRoom`; `room_not_found` for a room without a lease too: nobody is in it. */
export async function findLease(caller: Caller, roomId: string): Promise<Lease> {
  const { lease } = await readRoom(caller, roomId);
  if (!lease) throw new FairleadError("room_not_found", { message: "the room is not running" });
  return lease;
}

/** Bans and mutes stay inside: they name identities. */
export function toSummary({
  roomId,
  createdAtMs,
  options,
  lease,
  decision,
  source,
}: RunningRoom): RoomSummary {
  const placement = lease && {
    nodeId: lease.nodeId,
    incarnation: lease.incarnation,
    core: lease.core,
    epoch: lease.epoch,
  };
  return { roomId, createdAtMs, options, placement, decision, ...(source ? { source } : {}) };
}

/** @returns null when the node says that the room does not run there any more. */
export async function unlessGone<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof FairleadError && ERRORS[error.code].ends === "room") return null;
    throw error;
  }
}
