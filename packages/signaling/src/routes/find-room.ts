import { ERRORS, FairleadError, type Lease, type RoomRecord, type RoomSummary } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";

/** @throws {FairleadError} `room_not_found`; `registry_unreachable`. */
export async function findRoom(registry: Registry, roomId: string): Promise<RoomRecord> {
  const record = await registry.describeRoom(roomId);
  if (!record) throw new FairleadError("room_not_found");
  return record;
}

/** @throws {FairleadError} `room_not_found`, for a room without a lease too: nobody is in it. */
export async function findLease(registry: Registry, roomId: string): Promise<Lease> {
  const { lease } = await findRoom(registry, roomId);
  if (!lease) throw new FairleadError("room_not_found", { message: "the room is not running" });
  return lease;
}

/** Bans and mutes stay inside: they name identities. */
export function toSummary({ roomId, createdAtMs, options, lease, decision }: RoomRecord): RoomSummary {
  const placement = lease && {
    ...{ nodeId: lease.nodeId, incarnation: lease.incarnation },
    ...{ core: lease.core, epoch: lease.epoch },
  };
  return { roomId, createdAtMs, options, placement, decision };
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
