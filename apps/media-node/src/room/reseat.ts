import type { RoomEvent } from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import type { Peer } from "./peer.ts";
import type { RoomDeps } from "./room-deps.ts";
import type { Roster } from "./roster.ts";
import { untilLeft } from "./until-left.ts";

/** Longer than the SDK takes to let go of a former place, whatever is missing at the next one. */
export const LINGER_MS = 6_000;

type PartOfRoom = Pick<Roster, "lingering"> & {
  deps: Pick<RoomDeps, "forgetSpent">;
  roomId: string;
  log: Logger;
  tell: (event: RoomEvent) => void;
};

/**
 * Tells peers to join anew, as the core that they sit on is to be emptied: each gets another seat of the room under its own id. Its media
 * goes on where it is, also for the others, until its client has let go of it.
 */
export function reseat({ log, roomId, deps }: PartOfRoom, peers: readonly Peer[]): void {
  for (const peer of peers) {
    peer.leavesSeat = true;
    peer.session.end("session_gone", "its core is busy", LINGER_MS);
    // It publishes and subscribes anew, and has not asked for that.
    deps.forgetSpent(peer.identity);
  }
  const [core] = peers.map(({ seat }) => seat.core);
  log.info("peers.reseated", { roomId, core, peers: peers.length });
}

/** The same peer sits elsewhere now: of its former seat nothing is left but the media that flows. */
export function lingerOnSeat(room: PartOfRoom, peer: Peer): void {
  // Its client would hear everything twice.
  for (const consumer of peer.dataEnds) consumer.close();
  const end = () => {
    if (!room.lingering.has(peer)) return;
    clearTimeout(timer);
    peer.close();
    room.lingering.delete(peer);
    for (const producerId of peer.producers.keys())
      room.tell({ name: "producer.closed", data: { producerId } });
    peer.producers.clear();
  };
  const timer = setTimeout(end, LINGER_MS).unref();
  room.lingering.set(peer, end);
  void untilLeft(peer).then(end);
}
