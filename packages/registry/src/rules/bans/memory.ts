import { FairleadError } from "@fairlead/protocol";
import type { PlaceRequest } from "../../registry.ts";
import type { Room } from "../rooms/memory.ts";

/** The identity, or the very ticket, whose bearer may have taken another name. */
export function isBanned(room: Room, peer: PlaceRequest["peer"]): boolean {
  if (!peer) return false;
  return (
    room.bans.has(peer.identity) || [...room.bans.values()].some((ticketIds) => ticketIds.has(peer.ticketId))
  );
}

/** @throws {FairleadError} `banned`. */
export function refuseBanned(room: Room, peer: PlaceRequest["peer"]): void {
  if (isBanned(room, peer)) throw new FairleadError("banned", { message: `banned from room ${room.roomId}` });
}

export function bannedTickets({ bans }: Room): string[] {
  return [...new Set([...bans.values()].flatMap((ticketIds) => [...ticketIds]))];
}
