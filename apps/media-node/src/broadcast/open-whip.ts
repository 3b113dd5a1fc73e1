import { type NodeCallReply, type NodeCallRequest, randomId } from "@fairlead/protocol";
import { addPublisher } from "../room/add-publisher.ts";
import type { Publisher } from "../room/publisher.ts";
import type { OpenSeat } from "../rooms/seating.ts";
import { openWhipSession, readWhipOffer } from "../sdp/open-whip-session.ts";
import type { SdpSession } from "../sdp/sdp-session.ts";
import { newerPublisherCame } from "./publisher-place.ts";
import type { SdpCallsDeps } from "./sdp-calls-deps.ts";

/**
 * A publisher comes by WHIP: its key is compared with the record that this node read, the hook is asked, and then the broadcast is its own,
 * in one turn; before that nothing of the one that publishes is touched.
 *
 * @throws {FairleadError} `stream_key_invalid`, `broadcast_ended`, `hook_…`, `publisher_active`; what the offer is refused with; `lease_lost`,
 * `core_full`, `node_draining`.
 */
export async function openWhip(
  request: NodeCallRequest<"whip.open">,
  deps: SdpCallsDeps,
): Promise<NodeCallReply<"whip.open">> {
  const { lease, keyHash, address, debitId, offer } = request;
  const { broadcasts, seating, joins, arrivals, sessions } = deps;
  const room = await joins.openRoom(request);
  const broadcast = await broadcasts.of(room);
  await broadcast.gate.proveKey(keyHash);
  broadcast.gate.assertOpen();
  // One that can't be answered must not cost the present publisher its place.
  readWhipOffer(offer, room.span.home);
  const facts = {
    broadcastId: room.roomId,
    kind: "whip" as const,
    sessionId: randomId(),
    identity: null,
    cacheKey: keyHash,
    ...(address === undefined ? {} : { address }),
  };
  let publisher: Publisher | undefined;
  let session: SdpSession | undefined;
  const close = () => {
    publisher?.close();
    session?.close();
  };
  const holder = await broadcast.claim({
    kind: "whip",
    facts,
    producers: () => [...(publisher?.producers.values() ?? [])],
    seat: () => publisher?.seat ?? null,
    close,
  });
  let openSeat: OpenSeat | undefined;
  try {
    openSeat = seating.take(room);
    const seat = await room.span.seatOn(openSeat.core);
    const { title } = broadcast.record;
    publisher = addPublisher({ room, seat }, { identity: room.roomId, name: title, metadata: "" });
    session = await openWhipSession({ room, seat, publisher, offer });
    if (!broadcast.isHeldBy(holder)) throw newerPublisherCame();
    await deps.confirm(room);
    // It may have ended while its publisher was coming in.
    broadcast.gate.assertOpen();
  } catch (error) {
    close();
    broadcast.release(holder);
    if (openSeat) seating.giveBack(openSeat);
    throw error;
  }
  const place = openSeat;
  arrivals.note({ debitId, lease, core: place.core });
  sessions.add(session, { roomId: room.roomId, bearer: keyHash });
  void session.ended.then(() => {
    close();
    broadcast.release(holder);
    seating.giveBack(place);
    arrivals.noteGone(debitId);
  });
  const { sessionId, answer, etag } = session;
  const iceServers = room.deps.iceServersFor(room.roomId);
  return { sessionId, answer, etag, epoch: room.lease.epoch, iceServers };
}
