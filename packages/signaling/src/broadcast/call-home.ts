import { callNode } from "@fairlead/bus";
import {
  type BroadcastRecord,
  ERRORS,
  FairleadError,
  type Lease,
  type NodeCallReply,
} from "@fairlead/protocol";
import type { Caller } from "../http/caller.ts";

/** What a broadcast's home says of it. */
export type HomeAnswer = NodeCallReply<"broadcast.describe">;

/** @returns null where the broadcast is not there, or not any more. @throws {FairleadError} `node_unreachable`, `node_timeout`, `bus_disconnected`. */
export function askHome({ bus }: Caller, { incarnation, roomId, epoch }: Lease): Promise<HomeAnswer | null> {
  return unlessNotThere(callNode(bus, incarnation, "broadcast.describe", { roomId, epoch }));
}

/** The home goes by the record from now on. @throws {FairleadError} As `askHome`: the record stays written. */
export async function tellHome(
  { bus }: Caller,
  { incarnation, roomId, epoch }: Lease,
  record: BroadcastRecord,
): Promise<void> {
  await unlessNotThere(callNode(bus, incarnation, "broadcast.update", { roomId, epoch, record }));
}

/** `unknown_command`: a node of the build before, which serves the room as any other. */
const NOT_THERE = ["broadcast_not_found", "unknown_command"];

async function unlessNotThere<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    const isNotThere =
      error instanceof FairleadError &&
      (ERRORS[error.code].ends === "room" || NOT_THERE.includes(error.code));
    if (isNotThere) return null;
    throw error;
  }
}
