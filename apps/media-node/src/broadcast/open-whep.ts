import { type NodeCallReply, type NodeCallRequest, randomId } from "@fairlead/protocol";
import type { OpenSeat } from "../rooms/seating.ts";
import { openWhepSession } from "../sdp/open-whep-session.ts";
import { assertWelcome, verifyViewer } from "./admit-viewer.ts";
import type { SdpCallsDeps } from "./sdp-calls-deps.ts";

/**
 * A viewer comes by WHEP, with a viewer's ticket or, where the broadcast is public, without one.
 *
 * @throws {FairleadError} `ticket_…`, `banned`, `broadcast_ended`, `broadcast_not_live`, `viewer_limit`, `hook_…`, `no_capacity`; what the
 * offer is refused with; `lease_lost`, `node_draining`.
 */
export async function openWhep(
  request: NodeCallRequest<"whep.open">,
  deps: SdpCallsDeps,
): Promise<NodeCallReply<"whep.open">> {
  const { lease, ticket, bearer, address, debitId, offer } = request;
  const { broadcasts, hooks, seating, joins, arrivals, sessions } = deps;
  const claims = await verifyViewer(ticket, lease.roomId, deps);
  const room = await joins.openRoom(request);
  const broadcast = await broadcasts.of(room);
  const welcome = () => assertWelcome(room, broadcast, claims);
  welcome();
  broadcast.gate.assertLive();
  const identity = claims?.sub ?? null;
  // Not the session's own, which is the right to end it.
  const playId = randomId();
  const facts = {
    broadcastId: room.roomId,
    kind: "whep" as const,
    sessionId: playId,
    identity,
    cacheKey: claims?.jti ?? `${room.roomId} ${address ?? playId}`,
    ...(address === undefined ? {} : { address }),
  };
  await hooks.askPlay(facts);
  let openSeat: OpenSeat | undefined;
  try {
    openSeat = seating.takeForViewer();
    const seat = await room.span.seatOn(openSeat.core);
    broadcast.gate.assertLive();
    const session = await openWhepSession({ room, seat, identity, offer });
    try {
      await deps.confirm(room);
      // Others may have come while it was opened, or a ban.
      welcome();
      broadcast.gate.assertOpen();
      broadcast.gate.assertWithinLimit();
    } catch (error) {
      session.close();
      throw error;
    }
    const place = openSeat;
    arrivals.note({ debitId, lease, core: place.core });
    void session.ended.then(() => {
      seating.giveBack(place);
      arrivals.noteGone(debitId);
      hooks.tellPlayDone(facts);
    });
    sessions.add(session, { roomId: room.roomId, bearer });
    const { sessionId, answer, etag } = session;
    const iceServers = room.deps.iceServersFor(identity ?? playId);
    return { sessionId, answer, etag, epoch: room.lease.epoch, iceServers };
  } catch (error) {
    if (openSeat) seating.giveBack(openSeat);
    hooks.tellPlayDone(facts);
    throw error;
  }
}
