import { FairleadError, type Sdp } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { addViewer } from "../room/add-viewer.ts";
import type { HeldSeat } from "../room/payload-type-seats.ts";
import { recallViewer } from "../room/recall-viewer.ts";
import type { Room, SeatInRoom } from "../room/room.ts";
import type { Seat } from "../room/seat.ts";
import type { Viewer } from "../room/viewer.ts";
import { type OfferedMedia, offeredMedia } from "./offered-media.ts";
import { orClose, withTheirs } from "./or-close.ts";
import { readOffer } from "./read-offer.ts";
import { receiverCapabilities } from "./receiver-capabilities.ts";
import { SdpSession } from "./sdp-session.ts";
import { chooseSent, payloadTypesOf, producersOf, type SentMedia } from "./sent-media.ts";
import { watchLayers } from "./watch-layers.ts";
import { type Answered, writeAnswer } from "./write-answer.ts";

export type WhepRequest = SeatInRoom & {
  /** null: nobody knows who it is. */
  identity: string | null;
  offer: Sdp;
};

/** A broadcaster's second track mostly comes this soon after the first, ms. */
const RETRY_AFTER_MS = 1_000;

/**
 * Answers a viewer's offer with what the room's senders send now. The session closes once that is over, or when there is something more for
 * a section of its own: a client can't be offered that, and has to POST anew.
 * @throws {FairleadError} `invalid_request`, `sdp_unprocessable`, `not_acceptable`; `broadcast_not_live`: nobody sends; `lease_lost` if the
 *   room, the seat or what it would watch went meanwhile.
 */
export async function openWhepSession(request: WhepRequest): Promise<SdpSession> {
  const { room, seat, identity } = request;
  const offer = readOffer(request.offer);
  const producers = producersOf(room);
  if (producers.length === 0) throw new FairleadError("broadcast_not_live", { retryAfterMs: RETRY_AFTER_MS });
  const offered = offeredMedia(offer);
  const sent = chooseSent(offered, producers);
  const [first] = sent;
  if (!first) throw new FairleadError("not_acceptable", { message: "no codec in common" });
  const held = await holdPlace(request, sent);
  const { seat: place } = held;
  const rtpCapabilities = receiverCapabilities(
    place.router.rtpCapabilities,
    sent.map(({ media }) => media),
  );
  const viewer = await addViewer({ room, seat }, { identity, rtpCapabilities, place }).catch((error) => {
    held.release();
    throw error;
  });
  viewer.transport.observer.once("close", held.release);
  return orClose(viewer.transport, async () => {
    const { transport } = viewer;
    await withTheirs(transport, () => transport.connect({ dtlsParameters: offer.dtls }));
    const answered = new Map(await Promise.all(sent.map((one) => watch(viewer, one))));
    const answer = writeAnswer(offer, transport, answered);
    viewer.wouldSeeMore = () => wouldBeSentMore(room, offered, viewer);
    if (viewer.wouldSeeMore())
      throw new FairleadError("lease_lost", { message: "more was published meanwhile" });
    const isAnonymous = identity === null;
    const session = new SdpSession({ transport, offer, answer, tagged: first.media.section, isAnonymous });
    transport.on("dtlsstatechange", (state) => {
      if (state === "connected") held.noteConnected();
    });
    serve(room, viewer);
    return session;
  });
}

/** The seat itself where its payload types are the viewer's already: there is no pipe then. */
async function holdPlace({ seat }: WhepRequest, sent: readonly SentMedia[]): Promise<HeldSeat<Seat>> {
  const map = payloadTypesOf(sent);
  if ([...map].every(([own, theirs]) => own === theirs))
    return { seat, noteConnected: () => {}, release: () => {} };
  return seat.payloadTypeSeats.take(map, seat.router.rtpCapabilities);
}

async function watch(viewer: Viewer, { producer, media, codec }: SentMedia): Promise<[string, Answered]> {
  const { mid } = media.section;
  const { rtpParameters } = await viewer.watch(producer, mid);
  const { parameters, rtcpFeedback = [] } = codec;
  const isOffered = ({ type, parameter = "" }: types.RtcpFeedback) =>
    rtcpFeedback.some((theirs) => theirs.type === type && (theirs.parameter ?? "") === parameter);
  const codecs = rtpParameters.codecs.map((sent) => ({
    ...sent,
    // The profile that was offered, though the stream may have a lesser one (RFC 6184 § 8.2.2).
    parameters: { ...parameters, ...(sent.parameters?.["sprop-stereo"] === 1 ? { "sprop-stereo": 1 } : {}) },
    rtcpFeedback: (sent.rtcpFeedback ?? []).filter(isOffered),
  }));
  return [mid, { direction: "sendonly", rtp: { ...rtpParameters, codecs } }];
}

/** A viewer that comes anew with the same offer has what this chooses, so none is sent away twice for the same producers. */
function wouldBeSentMore(room: Room, offered: readonly OfferedMedia[], { consumers }: Viewer): boolean {
  const sent = chooseSent(offered, producersOf(room));
  return sent.length > consumers.size && canBeAnswered(sent);
}

function canBeAnswered(sent: readonly SentMedia[]): boolean {
  try {
    payloadTypesOf(sent);
    return true;
  } catch {
    return false;
  }
}

/** Media flows from when the client can decrypt it: its first packets are of the key frame that this asks for. */
function serve(room: Room, viewer: Viewer): void {
  const { transport } = viewer;
  const consumers = [...viewer.consumers.values()];
  const tell = (error: unknown) => room.log.warn("viewer.failed", { roomId: room.roomId, error });
  const orTell = (act: Promise<unknown>) =>
    act.catch((error: unknown) => {
      if (!transport.closed) tell(error);
    });
  transport.on("dtlsstatechange", (state) => {
    if (state !== "connected") return;
    for (const consumer of consumers) void orTell(resume(consumer));
    recallViewer(room, viewer);
  });
  for (const consumer of consumers)
    consumer.observer.once("close", () => {
      if (viewer.consumers.size === 0) viewer.close();
      // Something else may have its section.
      else recallViewer(room, viewer);
    });
  watchLayers(transport, consumers, tell);
}

async function resume(consumer: types.Consumer): Promise<void> {
  if (!consumer.closed) await consumer.resume();
}
