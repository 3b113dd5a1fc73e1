import { FairleadError, type RoomRecord } from "@fairlead/protocol";
import type { PlaceRequest, RoomPatch } from "../registry.ts";
import { copyOptions, type Room } from "./room-table.ts";

/** @returns A fresh object. @param isLive Whether the room's lease is in force. */
export function toRoomRecord(room: Room, isLive: boolean): RoomRecord {
  const { roomId, createdAtMs, options, mutes, lease, decision } = room;
  const bannedIdentities = [...room.bans.keys()];
  const bannedTicketIds = bannedTickets(room);
  return structuredClone({
    roomId,
    createdAtMs,
    options,
    bannedIdentities,
    bannedTicketIds,
    mutes,
    lease: isLive ? lease : null,
    decision,
  });
}

export function patchRoom(room: Room, { options, ban, unban, mute }: RoomPatch): void {
  if (options) room.options = copyOptions(options);
  if (ban) {
    const { identity, ticketId } = ban;
    const ticketIds = room.bans.get(identity) ?? new Set();
    room.bans.set(identity, ticketId === undefined ? ticketIds : ticketIds.add(ticketId));
  }
  if (unban) room.bans.delete(unban.identity);
  if (mute) {
    const { identity, source, muted } = mute;
    const others = room.mutes.filter((other) => other.identity !== identity || other.source !== source);
    room.mutes = muted ? [...others, { identity, source }] : others;
  }
}

/** @throws {FairleadError} `banned`: the identity, or the very ticket, whose bearer may have taken another name. */
export function refuseBanned(room: Room, peer: PlaceRequest["peer"]): void {
  if (!peer) return;
  if (room.bans.has(peer.identity) || bannedTickets(room).includes(peer.ticketId))
    throw new FairleadError("banned", { message: `banned from room ${room.roomId}` });
}

function bannedTickets({ bans }: Room): string[] {
  return [...new Set([...bans.values()].flatMap((ticketIds) => [...ticketIds]))];
}
