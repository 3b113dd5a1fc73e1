import { FairleadError, type Sdp, type Source } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { whileAlive } from "../room/call-mediasoup.ts";
import { maxIncomingBitrateBps } from "../room/incoming-bitrate.ts";
import type { Publisher } from "../room/publisher.ts";
import type { SeatInRoom } from "../room/room.ts";
import type { Seat } from "../room/seat.ts";
import { type OfferedMedia, offeredMedia } from "./offered-media.ts";
import { orClose, withTheirs } from "./or-close.ts";
import { type Offer, readOffer, refusal } from "./read-offer.ts";
import { type ReceivedMedia, receivedMedia } from "./received-media.ts";
import { SdpSession } from "./sdp-session.ts";
import { writeAnswer } from "./write-answer.ts";

export type WhipRequest = SeatInRoom & { publisher: Publisher; offer: Sdp };

/** A broadcast has one sound and one picture: further sections are rejected. */
const SOURCES = { audio: "microphone", video: "camera" } as const satisfies Record<types.MediaKind, Source>;

type Track = ReceivedMedia & Pick<OfferedMedia, "kind" | "section">;

/**
 * Answers a broadcaster's offer (RFC 9725). The session closes with its publisher, and the publisher with the session.
 * @throws {FairleadError} `invalid_request`, `sdp_unprocessable`, `not_acceptable`; `lease_lost` if the seat or the publisher went meanwhile.
 */
export async function openWhipSession({
  room,
  seat,
  publisher,
  offer: sdp,
}: WhipRequest): Promise<SdpSession> {
  const { offer, tracks, first } = readWhipOffer(sdp, seat);
  const transport = await whileAlive(seat, () => seat.openTransport(publisher.owner, { enableSctp: false }));
  return orClose(transport, async () => {
    if (publisher.isClosed || room.takesNobody) throw new FairleadError("lease_lost");
    void publisher.ended.then(() => transport.close());
    await transport.setMaxIncomingBitrate(maxIncomingBitrateBps(room.options));
    await withTheirs(transport, () => transport.connect({ dtlsParameters: offer.dtls }));
    for (const { kind, rtpParameters } of tracks)
      await publisher.publish(SOURCES[kind], (basis) =>
        withTheirs(transport, () => transport.produce({ ...basis, kind, rtpParameters })),
      );
    const answer = writeAnswer(
      offer,
      transport,
      new Map(tracks.map(({ section, answered }) => [section.mid, answered])),
    );
    const session = new SdpSession({ transport, offer, answer, tagged: first.section });
    void session.ended.then(() => publisher.close());
    return session;
  });
}

/**
 * What a broadcaster's offer comes to, before anything is made.
 * @throws {FairleadError} `invalid_request`, `sdp_unprocessable`, `not_acceptable`.
 */
export function readWhipOffer(sdp: Sdp, { router }: Seat): { offer: Offer; tracks: Track[]; first: Track } {
  const offer = readOffer(sdp);
  const tracks = chooseTracks(offeredMedia(offer), router.rtpCapabilities);
  const [first] = tracks;
  if (!first) throw refusal("no section sends sound or pictures");
  return { offer, tracks, first };
}

/** The first of each kind, in order of the offer. */
function chooseTracks(media: readonly OfferedMedia[], router: types.RtpCapabilities): Track[] {
  const sending = media.filter(({ direction }) => direction === "sendonly" || direction === "sendrecv");
  return sending
    .filter(({ kind }, index) => sending.findIndex((other) => other.kind === kind) === index)
    .map((one) => ({ ...receivedMedia(one, router), kind: one.kind, section: one.section }));
}
