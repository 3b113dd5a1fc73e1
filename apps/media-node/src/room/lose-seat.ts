import type { Room } from "./room.ts";
import type { Seat } from "./seat.ts";

/**
 * The worker of a core died: the sessions of the peers that sat there end, and the others go on. If it was the home's, the seat that
 * most sit on becomes home; sessions keep their epoch.
 * @returns Whether the room goes on here: false where nobody sits elsewhere.
 */
export function loseSeat(room: Room, core: number): boolean {
  const { span } = room;
  const isHome = span.home.core === core;
  const next = isHome ? nextHome(room, core) : span.home;
  if (!next) return false;
  const lost = span.lose(core);
  if (!lost) return true;
  if (isHome) room.settleOn(next);
  const peers = room.members().filter(({ seat, isClosed }) => seat === lost && !isClosed);
  for (const peer of peers) {
    room.strand(peer, "session_gone", "the worker of its core died");
    room.deps.forgetSpent(peer.identity);
  }
  for (const publisher of [...room.publishers.values()]) if (publisher.seat === lost) publisher.close();
  room.log.info("seat.lost", { roomId: room.roomId, core, peers: peers.length, home: next.core });
  return true;
}

/** The seat that most sit on. */
function nextHome(room: Room, lostCore: number): Seat | undefined {
  const { span, publishers, viewers } = room;
  const open = [...room.members(), ...publishers.values(), ...viewers.values()].filter(
    ({ isClosed }) => !isClosed,
  );
  const count = (seat: Seat) => open.filter((one) => one.seat === seat).length;
  return span.seats
    .filter((seat) => seat.core !== lostCore && !seat.closed && count(seat) > 0)
    .sort((a, b) => count(b) - count(a))[0];
}
