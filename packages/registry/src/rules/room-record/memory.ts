import { FairleadError, type Mute, type RoomRecord } from "@fairlead/protocol";
import type { BroadcastWrite, KnownOfRoom, RoomPatch } from "../../registry.ts";
import { copyOptions, DEFAULT_ROOM_OPTIONS } from "../../room-options.ts";
import { bannedTickets } from "../bans/memory.ts";
import type { PlacementPolicy } from "../policy.ts";
import type { Room } from "../rooms/memory.ts";

/** @param isLive Whether the room's lease is in force. @param aliveAtMs Of the node that has it. @returns A fresh object. */
export function toRoomRecord(
  room: Room,
  { isLive, aliveAtMs }: { isLive: boolean; aliveAtMs: number | null },
): RoomRecord {
  const { roomId, createdAtMs, options, mutes, lease, decision, broadcast } = room;
  const bannedIdentities = [...room.bans.keys()];
  const bannedTicketIds = bannedTickets(room);
  return structuredClone({
    roomId,
    createdAtMs,
    options,
    bannedIdentities,
    bannedTicketIds,
    bans: Array.from(room.bans, ([identity, ticketIds]) => ({ identity, ticketIds: [...ticketIds] })),
    mutes,
    ...(broadcast ? { broadcast, aliveAtMs: lease ? aliveAtMs : room.leftAtMs } : {}),
    isPartial: room.said !== null,
    lease: isLive ? lease : null,
    decision,
  });
}

type Bounds = Pick<PlacementPolicy, "bansPerRoom" | "mutesPerRoom">;

/** @throws {FairleadError} `too_many_bans`, `too_many_mutes`; nothing has changed then. */
export function patchRoom(room: Room, patch: RoomPatch, bounds: Bounds): void {
  const { options, ban, unban, mute, restore, broadcast } = patch;
  refuseTooMany(room, patch, bounds);
  if (broadcast) writeBroadcast(room, broadcast);
  if (options) {
    room.options = copyOptions(options);
    room.said?.add("options");
  }
  if (ban) {
    const { identity, ticketId } = ban;
    const ticketIds = room.bans.get(identity) ?? new Set();
    room.bans.set(identity, ticketId === undefined ? ticketIds : ticketIds.add(ticketId));
  }
  if (unban) {
    room.bans.delete(unban.identity);
    room.said?.add(unbanned(unban.identity));
  }
  if (mute) {
    const { identity, source, muted } = mute;
    const others = room.mutes.filter((other) => other.identity !== identity || other.source !== source);
    room.mutes = muted ? [...others, { identity, source }] : others;
    if (!muted) room.said?.add(unmuted(mute));
  }
  if (restore) restoreRoom(room, restore, bounds);
}

function writeBroadcast(room: Room, { write }: BroadcastWrite): void {
  room.broadcast = write && structuredClone(write);
  room.said?.add("broadcast");
  if (write) return;
  room.options = copyOptions(DEFAULT_ROOM_OPTIONS);
  room.said?.add("options");
}

const unbanned = (identity: string) => `unban ${identity}`;
const unmuted = ({ identity, source }: Mute) => `unmute ${source} ${identity}`;

/** What was said since the record was made anew counts; no more is restored than a record may hold. */
function restoreRoom(room: Room, known: KnownOfRoom, { bansPerRoom, mutesPerRoom }: Bounds): void {
  const { said } = room;
  if (!said) return;
  if (known.options && !said.has("options")) room.options = copyOptions(known.options);
  for (const { identity, ticketIds } of known.bans) {
    if (said.has(unbanned(identity))) continue;
    if (!room.bans.has(identity) && room.bans.size >= bansPerRoom) continue;
    const tickets = room.bans.get(identity) ?? new Set();
    room.bans.set(identity, tickets);
    for (const ticketId of ticketIds) if (ticketCount(room) < bansPerRoom) tickets.add(ticketId);
  }
  for (const mute of known.mutes) {
    const isOver = said.has(unmuted(mute)) || isMuted(room, mute) || room.mutes.length >= mutesPerRoom;
    if (!isOver) room.mutes = [...room.mutes, { ...mute }];
  }
  if (known.broadcast && !said.has("broadcast")) room.broadcast = structuredClone(known.broadcast);
  room.said = null;
}

function refuseTooMany(room: Room, { ban, mute }: RoomPatch, { bansPerRoom, mutesPerRoom }: Bounds): void {
  const { identity, ticketId } = ban ?? {};
  const isNewIdentity = identity !== undefined && !room.bans.has(identity);
  const isNewTicket = ticketId !== undefined && !room.bans.get(identity ?? "")?.has(ticketId);
  if (isNewIdentity && room.bans.size >= bansPerRoom) throw new FairleadError("too_many_bans");
  if (isNewTicket && ticketCount(room) >= bansPerRoom) throw new FairleadError("too_many_bans");
  if (mute?.muted && !isMuted(room, mute) && room.mutes.length >= mutesPerRoom)
    throw new FairleadError("too_many_mutes");
}

function ticketCount({ bans }: Room): number {
  return [...bans.values()].reduce((sum, ticketIds) => sum + ticketIds.size, 0);
}

function isMuted({ mutes }: Room, { identity, source }: Mute): boolean {
  return mutes.some((other) => other.identity === identity && other.source === source);
}
