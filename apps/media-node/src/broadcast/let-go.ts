import type { Room } from "../room/room.ts";

/** The broadcast has ended: whoever is in its room is told, and let go. */
export function letEverybodyGo(room: Room): void {
  for (const publisher of [...room.publishers.values()]) publisher.close();
  for (const viewer of [...room.viewers.values()]) viewer.close();
  for (const peer of room.members())
    room.remove(peer, "removed", "broadcast_ended", "the broadcast has ended");
}

/** It is private now, and nobody vouches for those who came without a ticket. */
export function letStrangersGo(room: Room): void {
  for (const viewer of [...room.viewers.values()]) if (viewer.identity === null) viewer.close();
}
