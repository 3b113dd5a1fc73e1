import type { TicketClaims } from "@fairlead/protocol";
import type { HookFacts, Hooks } from "../hooks/hooks.ts";
import type { PeerInRoom, Room } from "../room/room.ts";
import type { Rooms } from "../rooms/rooms.ts";
import type { Broadcasts } from "./broadcasts.ts";
import type { RoomBroadcast } from "./room-broadcast.ts";

export type Entering = {
  claims: TicketClaims;
  /** It stays the same over its sessions. */
  peerId: string;
  /** It was admitted before, as the session ticket of its last session proves. */
  isReturning: boolean;
};

/** What a join into a broadcast's room has to be told when the peer is in, or gone again. */
export type Entered = { broadcast: RoomBroadcast; playing: HookFacts | null };

/**
 * Lets a join pass the broadcast of its room.
 * @returns null for a peer of any other room.
 * @throws {FairleadError} `broadcast_not_found`: a viewer's ticket for a room that is none; `broadcast_ended`, `viewer_limit`, `hook_refused`,
 * `hook_unreachable`, `registry_unreachable`.
 */
export async function enterBroadcast(
  room: Room,
  { claims, peerId, isReturning }: Entering,
  { broadcasts, hooks }: { broadcasts: Broadcasts; hooks: Hooks },
): Promise<Entered | null> {
  const isViewer = claims.role === "viewer";
  if (!isViewer && room.options.kind !== "broadcast") return null;
  if (!isViewer) {
    const broadcast = await broadcasts.find(room);
    broadcast?.gate.assertOpen();
    return broadcast && { broadcast, playing: null };
  }
  const broadcast = await broadcasts.of(room);
  broadcast.gate.assertTakesViewer(peerId);
  const playing: HookFacts = {
    broadcastId: room.roomId,
    kind: "sdk",
    sessionId: peerId,
    identity: claims.sub,
    cacheKey: claims.jti,
  };
  if (!isReturning) await hooks.askPlay(playing);
  return { broadcast, playing };
}

/** Tells the hook once the viewer has gone. One whose room has moved, or that is back in a newer session, watches on. */
export function tellOncePlayed(
  { room, peer }: PeerInRoom,
  playing: HookFacts,
  { rooms, hooks }: { rooms: Pick<Rooms, "isHere">; hooks: Pick<Hooks, "tellPlayDone"> },
): void {
  peer.transports.receive.observer.once("close", () => {
    const isGone = rooms.isHere(room) && !room.member(peer.peerId) && !room.lingering.has(peer);
    if (isGone) hooks.tellPlayDone(playing);
  });
}
