import { type BroadcastRecord, type BroadcastState, currentState, FairleadError } from "@fairlead/protocol";
import type { Rate } from "@fairlead/registry";
import type { Caller } from "../http/caller.ts";
import { askOwner, type ServedRoom } from "../placement/ask-owner.ts";
import { askRegistry } from "../placement/ask-registry.ts";
import { knowsNodes } from "../routes/find-nodes.ts";

/** A broadcast as its record says. */
export type KnownBroadcast = { record: BroadcastRecord; state: BroadcastState };

/**
 * Reads a broadcast's record, of the registry alone.
 *
 * @param rates Whoever has just been refused by one of them makes no work for the registry. Nothing is counted.
 * @throws {FairleadError} `broadcast_not_found`; `registry_unreachable`, `registry_cold`; `rate_limited`.
 */
export async function readBroadcast(
  { shared }: Caller,
  broadcastId: string,
  rates: readonly Rate[],
): Promise<KnownBroadcast> {
  const { registry, now } = shared;
  const room = await askRegistry(shared, rates, () => registry.describeRoom(broadcastId));
  if (room?.broadcast) {
    const home = { isServed: room.lease !== null, aliveAtMs: room.aliveAtMs ?? null };
    return { record: room.broadcast, state: currentState(room.broadcast, home, now()) };
  }
  throw new FairleadError((await knowsNodes(shared)) ? "broadcast_not_found" : "registry_cold");
}

/**
 * Asks on the bus for a broadcast that the registry does not tell of: it is away, or it was emptied and has not heard of it again.
 *
 * @param peer As for `askOwner`. @returns null when no node answers for a broadcast of that id.
 * @throws {FairleadError} `banned`.
 */
export async function askForBroadcast(
  caller: Caller,
  roomId: string,
  peer: { identity: string; ticketId: string },
): Promise<ServedRoom | null> {
  const served = await askOwner(caller, { roomId, peer }).catch((error: unknown) => {
    if (error instanceof FairleadError && error.code !== "banned") return null;
    throw error;
  });
  return served?.options.kind === "broadcast" ? served : null;
}
