import { carriedProfile, FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup";
import * as ortc from "mediasoup-client/ortc";
import type { RtpCapabilities, RtpCodecParameters } from "mediasoup-client/types";

import { offeredEncodings, offeredRids } from "./offered-encodings.ts";
import type { OfferedMedia } from "./offered-media.ts";
import type { Answered } from "./write-answer.ts";

const MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid";

/** What a producer is made with, and what the client is answered. */
export type ReceivedMedia = { rtpParameters: types.RtpParameters; answered: Answered };

/**
 * The first codec of a section, in its client's own order, that the router has.
 * @throws {FairleadError} `not_acceptable`: it has none; `sdp_unprocessable`.
 */
export function receivedMedia(media: OfferedMedia, router: types.RtpCapabilities): ReceivedMedia {
  const { kind, section } = media;
  // It writes the negotiated profile into the router's.
  const theirs = structuredClone(router) as RtpCapabilities;
  const extended = ortc.getExtendedRtpCapabilities(asCarried(media.capabilities), theirs, true);
  const sent = ortc.getSendingRtpParameters(kind, extended);
  if (sent.codecs.length === 0)
    throw new FairleadError("not_acceptable", { message: `no ${kind} codec in common` });
  const codecs = ortc.reduceCodecs(sent.codecs) as types.RtpCodecParameters[];
  const headerExtensions = sent.headerExtensions as types.RtpHeaderExtensionParameters[];
  const hasMid = headerExtensions.some(({ uri }) => uri === MID_URI);
  const encodings = offeredEncodings(section.media, codecs, hasMid);
  const rtcp = { reducedSize: section.media.rtcpRsize !== undefined };
  const answer = ortc.getSendingRemoteRtpParameters(kind, extended);
  return {
    rtpParameters: { mid: section.mid, codecs, headerExtensions, encodings, rtcp },
    answered: {
      direction: "recvonly",
      rtp: {
        codecs: (ortc.reduceCodecs(answer.codecs) as types.RtpCodecParameters[]).map((codec) => ({
          ...codec,
          parameters: answeredParameters(media, codec as RtpCodecParameters),
        })),
        headerExtensions,
      },
      rids: encodings.length > 1 && encodings[0]?.rid !== undefined ? offeredRids(section.media) : [],
    },
  };
}

/** H.264 by the profile that the router carries it by. */
function asCarried({ codecs = [], headerExtensions = [] }: RtpCapabilities): RtpCapabilities {
  return {
    headerExtensions,
    codecs: codecs.map((codec) => {
      if (codec.mimeType.toLowerCase() !== "video/h264") return codec;
      const parameters = { ...codec.parameters };
      parameters["profile-level-id"] = carriedProfile(parameters["profile-level-id"]);
      return { ...codec, parameters };
    }),
  };
}

/** The client's own, so that the profile is the one that it offered (RFC 6184 § 8.2.2); of Opus what it should send. */
function answeredParameters({ capabilities }: OfferedMedia, codec: RtpCodecParameters) {
  const offered = capabilities.codecs?.find(
    ({ preferredPayloadType }) => preferredPayloadType === codec.payloadType,
  );
  const { parameters = {} } = offered ?? {};
  if (codec.mimeType.toLowerCase() !== "audio/opus") return parameters;
  const isStereo = parameters["sprop-stereo"] ?? parameters.stereo;
  return { minptime: 10, useinbandfec: 1, ...(isStereo === 1 ? { stereo: 1 } : {}) };
}
