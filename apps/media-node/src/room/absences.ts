import { inBatches, SESSIONS_ALIVE_INTERVAL_MS } from "@fairlead/protocol";
import type { Session } from "../session/session.ts";
import type { Room } from "./room.ts";

/** A client comes back from a restart of its signaling process sooner than this. */
const WITHOUT_SOCKET_MS = 5_000;
/** A client with a socket may miss one of its proofs of life, which are seconds apart, and be late with the next. */
const SILENT_MS = 2 * SESSIONS_ALIVE_INTERVAL_MS + 1_000;

/** Tells a room which of its peers are away, and which have come back. Not while the bus is away: nobody could prove that it is there. */
export function tellAbsences(room: Room): void {
  const peers = [...room.peers.values()];
  for (const peer of peers) {
    if (!peer.isAway || peer.session.isAway) continue;
    peer.isAway = false;
    room.tell({ name: "peer.back", data: { peerId: peer.peerId } });
  }
  const gone = peers.filter(({ isAway, session }) => !isAway && isMissed(session));
  for (const some of inBatches(gone)) {
    for (const peer of some) {
      peer.session.noteAway();
      peer.isAway = true;
    }
    room.tell({ name: "peers.away", data: { peerIds: some.map(({ peerId }) => peerId) } });
  }
}

function isMissed({ isAttached, silentMs }: Session): boolean {
  return silentMs > (isAttached ? SILENT_MS : WITHOUT_SOCKET_MS);
}
