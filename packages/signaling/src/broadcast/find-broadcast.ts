import {
  type BroadcastRecord,
  type BroadcastState,
  currentState,
  FairleadError,
  type HomeFacts,
  type RoomRecord,
} from "@fairlead/protocol";
import type { Rate } from "@fairlead/registry";
import type { Caller } from "../http/caller.ts";
import { askRegistry } from "../placement/ask-registry.ts";
import { askNode, findRoom } from "../routes/find-room.ts";
import { askHome, type HomeAnswer } from "./call-home.ts";

/** A room's record that is a broadcast's. */
export type BroadcastRoom = RoomRecord & { broadcast: BroadcastRecord };

/** A broadcast as it may be read. */
export type FoundBroadcast = {
  roomId: string;
  record: HomeAnswer["record"];
  home: HomeFacts;
  /** null: nobody serves it. */
  counts: HomeAnswer | null;
  source?: "bus";
};

/**
 * The record, of the registry alone: for calls that change it, and keys that are proven by it.
 * @param rates Whoever has just been refused by one of them makes no work for the registry. Nothing is counted.
 * @throws {FairleadError} `broadcast_not_found`; `registry_unreachable`; `registry_cold`, also where the registry has lost what its home knows;
 * `rate_limited`.
 */
export async function findBroadcast(
  caller: Caller,
  roomId: string,
  rates: readonly Rate[] = [],
): Promise<BroadcastRoom> {
  try {
    return await findKnown(caller, roomId, rates);
  } catch (error) {
    const isLost = codeOf(error) === "broadcast_not_found" && (await askOnBus(caller, roomId)) !== null;
    throw isLost ? new FairleadError("registry_cold") : error;
  }
}

/**
 * What the registry says of it, and what its home counts; of the home alone while the registry is away or does not know it.
 * @throws {FairleadError} `broadcast_not_found`; `registry_unreachable`, `registry_cold`; what the home refuses with.
 */
export async function readBroadcast(caller: Caller, roomId: string): Promise<FoundBroadcast> {
  const room = await findKnown(caller, roomId).catch(async (error: unknown) => {
    const told = UNKNOWING.includes(codeOf(error) ?? "") ? await askOnBus(caller, roomId) : null;
    if (told) return told;
    throw error;
  });
  return "counts" in room ? room : describeBroadcast(caller, room);
}

const UNKNOWING = ["registry_unreachable", "registry_cold", "broadcast_not_found"];

/** @throws {FairleadError} What the home refuses with. */
export async function describeBroadcast(caller: Caller, room: BroadcastRoom): Promise<FoundBroadcast> {
  const { roomId, broadcast, lease, aliveAtMs = null } = room;
  const counts = lease && (await askHome(caller, lease));
  return {
    roomId,
    record: counts?.record ?? broadcast,
    home: { isServed: counts !== null, aliveAtMs },
    counts,
  };
}

/** @returns As readers get it, as far as the registry knows. */
export function stateOf(room: BroadcastRoom, nowMs: number): BroadcastState {
  return currentState(room.broadcast, homeOf(room), nowMs);
}

/** Whether a home is in force, and when one was last heard, as the registry knows. */
export function homeOf({ lease, aliveAtMs = null }: RoomRecord): HomeFacts {
  return { isServed: lease !== null, aliveAtMs };
}

/** What the registry knows, and nobody else is asked. @throws {FairleadError} As `findBroadcast`. */
export async function findKnown(
  { shared }: Caller,
  roomId: string,
  rates: readonly Rate[] = [],
): Promise<BroadcastRoom> {
  const read = askRegistry(shared, rates, () => findRoom(shared, roomId));
  const room = await read.catch((error: unknown) => {
    throw codeOf(error) === "room_not_found" ? new FairleadError("broadcast_not_found") : error;
  });
  if (!room.broadcast) throw new FairleadError("broadcast_not_found");
  return { ...room, broadcast: room.broadcast };
}

/** @returns null when no node answers for a broadcast of that id. */
async function askOnBus(caller: Caller, roomId: string): Promise<FoundBroadcast | null> {
  const served = await askNode(caller, roomId);
  const counts =
    served &&
    (await askHome(caller, served.lease).catch((error: unknown) => {
      if (error instanceof FairleadError) return null;
      throw error;
    }));
  if (!counts) return null;
  return { roomId, record: counts.record, home: { isServed: true, aliveAtMs: null }, counts, source: "bus" };
}

function codeOf(error: unknown): string | undefined {
  return error instanceof FairleadError ? error.code : undefined;
}
