import {
  type CreateIngest,
  FairleadError,
  KIND_OF_SOURCE,
  type NodeCallReply,
  type NodeCallRequest,
  randomId,
} from "@fairlead/protocol";
import type { types } from "mediasoup";
import { newerPublisherCame } from "../broadcast/publisher-place.ts";
import type { SdpCallsDeps } from "../broadcast/sdp-calls-deps.ts";
import { addPublisher } from "../room/add-publisher.ts";
import type { Publisher } from "../room/publisher.ts";
import type { Room } from "../room/room.ts";
import { IngestTrack } from "./ingest-track.ts";
import type { RtpIngest } from "./rtp-ingest.ts";
import type { RtpIngests } from "./rtp-ingests.ts";
import type { RtpReach } from "./rtp-reach.ts";

export type RtpIngestDeps = Pick<
  SdpCallsDeps,
  "broadcasts" | "seating" | "joins" | "arrivals" | "confirm"
> & {
  rtpIngests: RtpIngests;
  rtpReach: RtpReach;
};

/**
 * An encoder's place in a room, by the API: of a broadcast it is the one publisher's.
 * @throws {FairleadError} `invalid_request`, `rtp_refused`, `rtp_limit`, `no_capacity`, `banned`, `muted_by_moderator`, `media_rejected`;
 * `broadcast_ended`, `broadcast_not_found`, `registry_cold`, `publisher_active`, `hook_…`; `lease_lost`, `core_full`, `node_draining`.
 */
export async function openRtpIngest(
  request: NodeCallRequest<"rtp_ingest.open">,
  deps: RtpIngestDeps,
): Promise<NodeCallReply<"rtp_ingest.open">> {
  const { lease, debitId, ingest: wish } = request;
  const { rtpIngests, rtpReach, joins, arrivals } = deps;
  assertTracks(wish);
  const listenInfo = rtpReach.forIngest(wish);
  const room = await joins.openRoom(request);
  const ingest = rtpIngests.begin(room);
  try {
    const { publisher, assertHolds } = await enter(ingest, wish, deps);
    const tracks = await openTracks(publisher, { wish, listenInfo, ingest });
    await deps.confirm(room);
    assertHolds();
    const answer = ingest.open({ publisher, tracks, encrypted: wish.encrypted });
    arrivals.note({ debitId, lease, core: publisher.seat.core });
    ingest.onClosed(() => arrivals.noteGone(debitId));
    const { ingestId } = ingest;
    room.log.info("rtp_ingest.opened", { roomId: room.roomId, ingestId, peerId: publisher.peerId });
    return answer;
  } catch (error) {
    ingest.close();
    throw error;
  }
}

type Entered = { publisher: Publisher; assertHolds: () => void };

/** The publisher has its place, and its seat. */
async function enter(ingest: RtpIngest, wish: CreateIngest, deps: RtpIngestDeps): Promise<Entered> {
  const { room, ingestId } = ingest;
  const { seating, broadcasts } = deps;
  const openSeat = seating.take(room);
  ingest.onClosed(() => seating.giveBack(openSeat));
  const broadcast = room.options.kind === "broadcast" ? await broadcasts.of(room) : null;
  const holder = await broadcast?.claim({
    kind: "rtp",
    facts: {
      ...{ broadcastId: room.roomId, kind: "rtp", sessionId: randomId(), identity: null },
      cacheKey: ingestId,
      ...(wish.senderAddress === undefined ? {} : { address: wish.senderAddress }),
    },
    producers: () => ingest.producers,
    seat: () => ingest.seat,
    close: () => ingest.close(),
  });
  if (broadcast && holder) ingest.onClosed(() => broadcast.release(holder));
  const seat = await room.span.seatOn(openSeat.core);
  const { identity = `rtp-${ingestId}`, metadata } = wish;
  ingest.assertOpen();
  assertWelcome(room, identity, wish);
  const name = wish.name || (broadcast?.record.title ?? "");
  const publisher = addPublisher({ room, seat }, { identity, name, metadata });
  ingest.onClosed(() => publisher.close());
  void publisher.ended.then(() => ingest.close());
  const assertHolds = () => {
    broadcast?.gate.assertOpen();
    if (broadcast && holder && !broadcast.isHeldBy(holder)) throw newerPublisherCame();
  };
  return { publisher, assertHolds };
}

/** In the same turn as the publisher comes in: a ban that is made later finds it there. */
function assertWelcome(room: Room, identity: string, { tracks }: CreateIngest): void {
  if (room.bans.hasIdentity(identity)) throw new FairleadError("banned");
  if (tracks.some(({ source }) => room.mutes.has(identity, source)))
    throw new FairleadError("muted_by_moderator");
}

async function openTracks(
  publisher: Publisher,
  {
    wish,
    listenInfo,
    ingest,
  }: { wish: CreateIngest; listenInfo: types.TransportListenInfo; ingest: RtpIngest },
): Promise<IngestTrack[]> {
  const { encrypted, senderAddress } = wish;
  const { room, ingestId } = ingest;
  const onError = (error: unknown) =>
    room.log.warn("rtp_ingest.lost", { roomId: room.roomId, ingestId, error });
  const tracks: IngestTrack[] = [];
  for (const track of wish.tracks)
    tracks.push(
      await IngestTrack.open({ publisher, wish: track, encrypted, senderAddress, listenInfo, onError }),
    );
  return tracks;
}

function assertTracks({ tracks }: CreateIngest): void {
  if (new Set(tracks.map(({ source }) => source)).size < tracks.length)
    throw new FairleadError("invalid_request", { message: "tracks: one of each source" });
  for (const { source, codec } of tracks)
    if ((codec === "opus") !== (KIND_OF_SOURCE[source] === "audio"))
      throw new FairleadError("invalid_request", { message: `tracks: ${source} can't be ${codec}` });
}
