import { carriedProfile, type Source } from "@fairlead/protocol";
import type { types } from "mediasoup";
import * as ortc from "mediasoup-client/ortc";
import type { RtpCodecCapability } from "mediasoup-client/types";
import type { PayloadTypeMap } from "../room/payload-type-seats.ts";
import type { Room } from "../room/room.ts";
import type { OfferedMedia } from "./offered-media.ts";
import { refusal } from "./read-offer.ts";

/** A producer, the section that it is for, and the codec of the offer that decodes it. */
export type SentMedia = { producer: types.Producer; media: OfferedMedia; codec: RtpCodecCapability };

/** Of two of a kind, the first is what a viewer with one section for it gets. */
const ORDER: readonly Source[] = ["microphone", "screen_audio", "camera", "screen"];

/** What the room's senders send, the most wanted first. */
export function producersOf(room: Room): types.Producer[] {
  const rank = ({ appData }: types.Producer) => ORDER.indexOf(appData.source as Source);
  return room
    .senders()
    .flatMap(({ producers }) => [...producers.values()])
    .sort((a, b) => rank(a) - rank(b));
}

/** For each section that receives, in order, the next producer of its kind that it decodes; none for those that are left over. */
export function chooseSent(
  offered: readonly OfferedMedia[],
  producers: readonly types.Producer[],
): SentMedia[] {
  const left = new Set(producers);
  return offered.flatMap((media) => {
    if (media.direction !== "recvonly" && media.direction !== "sendrecv") return [];
    for (const producer of left) {
      const codec = producer.kind === media.kind ? decoderOf(producer, media) : undefined;
      if (!codec) continue;
      left.delete(producer);
      return [{ producer, media, codec }];
    }
    return [];
  });
}

/** @throws {FairleadError} `sdp_unprocessable`: two codecs have one payload type, or one has two. */
export function payloadTypesOf(sent: readonly SentMedia[]): PayloadTypeMap {
  const map = new Map<number, number>();
  for (const { producer, codec } of sent) {
    const own = ownCodec(producer).payloadType;
    const theirs = codec.preferredPayloadType;
    if ((map.get(own) ?? theirs) !== theirs) throw refusal("a codec with two payload types");
    map.set(own, theirs);
  }
  if (new Set(map.values()).size < map.size) throw refusal("a payload type of two codecs");
  return map;
}

/** As the room's routers have it. */
function ownCodec({ consumableRtpParameters: { codecs } }: types.Producer): types.RtpCodecParameters {
  return codecs[0] as types.RtpCodecParameters;
}

/** The offered codec that decodes the producer's. */
function decoderOf(producer: types.Producer, media: OfferedMedia): RtpCodecCapability | undefined {
  const own = ownCodec(producer);
  const { codecs = [] } = media.capabilities;
  const isH264 = own.mimeType.toLowerCase() === "video/h264";
  if (!isH264) return codecs.find((codec) => matches(codec, own));
  const offered = codecs.filter(
    ({ mimeType, parameters = {} }) =>
      mimeType.toLowerCase() === "video/h264" && parameters["packetization-mode"] === 1,
  );
  const profile = carriedProfile(own.parameters?.["profile-level-id"]);
  const same = (codec: RtpCodecCapability) => carriedOf(codec).slice(0, 4) === profile.slice(0, 4);
  return offered.find(same);
}

function carriedOf({ parameters = {} }: RtpCodecCapability): string {
  return carriedProfile(parameters["profile-level-id"]);
}

/** By mediasoup-client's own rules. */
function matches(codec: RtpCodecCapability, own: types.RtpCodecParameters): boolean {
  const { payloadType: preferredPayloadType, ...rest } = own;
  const theirs = { ...rest, preferredPayloadType, kind: codec.kind } as RtpCodecCapability;
  const [one, other] = [codec, theirs].map((each) => ({
    codecs: [structuredClone(each)],
    headerExtensions: [],
  }));
  return ortc.getExtendedRtpCapabilities(one ?? {}, other ?? {}, true).codecs.length > 0;
}
