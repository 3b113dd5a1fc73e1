import type { LedgerEntry } from "@fairlead/mediasoup-worker/ledger";
import type { ResourceOwner } from "@fairlead/protocol";
import type { Room } from "../room/room.ts";

export type Owners = {
  /** The room of that id, and its former places that linger here. */
  roomsOf(roomId: string): Room[];
  /** The id of the WebRtcServer that a core uses now. */
  webRtcServerId(core: number): string | undefined;
};

/** Whether the owner that a resource names is there, and has it. */
export function isOwned(entry: LedgerEntry, owners: Owners): boolean {
  const { id, kind, owner } = entry;
  if (!owner) return false;
  if (kind === "webrtc_server") return owners.webRtcServerId(owner.core) === id;
  return owners.roomsOf(owner.roomId ?? "").some((room) => isOwnedBy(room, entry, owner));
}

function isOwnedBy(room: Room, { id, kind }: LedgerEntry, owner: ResourceOwner): boolean {
  const seat = room.span.seats.find(({ core }) => core === owner.core);
  if (!seat) return false;
  if (kind === "router" || kind === "rtp_observer") return seat.has(id);
  if (owner.publisherId !== undefined) return room.publishers.get(owner.publisherId)?.seat === seat;
  if (owner.viewerId !== undefined) return room.viewers.get(owner.viewerId)?.seat === seat;
  if (owner.egressId !== undefined)
    return (room.egresses.get(owner.egressId)?.seat ?? room.packaged.get(owner.egressId)) === seat;
  if (owner.peerId === undefined) return room.span.hasPiped(id);
  const peers = [...room.members(), ...room.lingering.keys()].filter(
    (peer) => peer.peerId === owner.peerId && peer.seat === seat,
  );
  if (kind !== "transport") return peers.length > 0;
  return peers.some(({ transports: { send, receive } }) => send?.id === id || receive.id === id);
}
