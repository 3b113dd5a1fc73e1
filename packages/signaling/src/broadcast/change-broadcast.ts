import {
  BroadcastRecord,
  type ChangeBroadcast,
  FairleadError,
  type Lease,
  randomId,
} from "@fairlead/protocol";
import type { Caller } from "../http/caller.ts";
import { askOwner } from "../placement/ask-owner.ts";
import { lifeOf } from "./broadcast-answer.ts";
import { tellHome } from "./call-home.ts";
import { type BroadcastRoom, findBroadcast, homeOf } from "./find-broadcast.ts";

/** Its home writes too, now and then: whoever comes between is read, and the change made again. */
const TRIES = 5;

type Change = (room: BroadcastRoom) => Partial<BroadcastRecord>;

/**
 * Writes a change, if nobody else has changed the record meanwhile, and tells the home.
 * @param change Of the record as it is; may throw, and is asked again when somebody was faster.
 * @throws {FairleadError} `broadcast_not_found`, `broadcast_conflict`; `registry_…`; where the home does not answer, `node_…`: the change stands.
 */
export async function changeBroadcast(
  caller: Caller,
  roomId: string,
  change: Change,
): Promise<BroadcastRoom> {
  const changed = await writeBroadcast(caller, roomId, (room) =>
    BroadcastRecord.parse({ ...room.broadcast, ...change(room), revision: room.broadcast.revision + 1 }),
  );
  const lease = changed.lease ?? (await findHomeOnBus(caller, roomId));
  if (lease) await tellHome(caller, lease, changed.broadcast);
  return { ...changed, lease };
}

/**
 * A home that is cut from the registry serves on without a lease in force there.
 * @throws {FairleadError} `node_timeout`, `bus_disconnected`: there may be one.
 */
async function findHomeOnBus(caller: Caller, roomId: string): Promise<Lease | null> {
  const peer = { identity: randomId(), ticketId: randomId() };
  return (await askOwner(caller, { roomId, peer }))?.lease ?? null;
}

/**
 * It takes no publisher and no viewer any more. One that has ended goes on having ended when it did, and its home is told again.
 * @throws {FairleadError} As `changeBroadcast`.
 */
export async function endBroadcast(caller: Caller, roomId: string): Promise<BroadcastRoom> {
  const { now } = caller.shared;
  return changeBroadcast(caller, roomId, (room) => {
    const { endedAtMs } = lifeOf(room.broadcast, homeOf(room), now());
    return { state: "ended", endedAtMs: endedAtMs ?? now() };
  });
}

/** Ends it, and leaves nothing of it but what was said about its room. @throws {FairleadError} As `changeBroadcast`. */
export async function deleteBroadcast(caller: Caller, roomId: string): Promise<void> {
  await endBroadcast(caller, roomId);
  await writeBroadcast(caller, roomId, () => null);
}

async function writeBroadcast(
  caller: Caller,
  roomId: string,
  toWrite: (room: BroadcastRoom) => BroadcastRecord | null,
): Promise<BroadcastRoom> {
  for (let tries = 1; ; tries += 1) {
    const room = await findBroadcast(caller, roomId);
    const write = toWrite(room);
    const broadcast = { write, ifRevision: room.broadcast.revision };
    try {
      const written = await caller.shared.registry.updateRoom(roomId, { broadcast });
      return { ...written, broadcast: write ?? room.broadcast };
    } catch (error) {
      const isLate = error instanceof FairleadError && error.code === "broadcast_conflict";
      if (!isLate || tries === TRIES) throw error;
    }
  }
}

/** @throws {FairleadError} `broadcast_ended`: nothing of it changes any more. */
export function refuseEnded(room: BroadcastRoom, nowMs: number): void {
  if (lifeOf(room.broadcast, homeOf(room), nowMs).state === "ended")
    throw new FairleadError("broadcast_ended");
}

/** @throws {FairleadError} `invalid_request`: the times that it would have then make no sense. */
export function refuseTimes(
  { startsAtMs = null, endsAtMs = null }: Pick<ChangeBroadcast, "startsAtMs" | "endsAtMs">,
  nowMs: number,
): void {
  if (endsAtMs === null) return;
  if (endsAtMs <= nowMs) throw invalid("endsAtMs: is past");
  if (startsAtMs !== null && endsAtMs <= startsAtMs) throw invalid("endsAtMs: must be after startsAtMs");
}

function invalid(message: string): FairleadError {
  return new FairleadError("invalid_request", { message });
}
