import type { types } from "mediasoup";
import { extractRtpCapabilities } from "mediasoup-client/handlers/sdp/commonUtils";
import type { RtpCapabilities, RtpCodecCapability } from "mediasoup-client/types";
import { type MediaDescription, parsePayloads } from "sdp-transform";
import { type Offer, refusal, type Section } from "./read-offer.ts";

/** An open section with sound or pictures, and what its client can do in it. */
export type OfferedMedia = {
  section: Section;
  kind: types.MediaKind;
  direction: NonNullable<MediaDescription["direction"]>;
  capabilities: RtpCapabilities;
};

const CODECS_LIMIT = 128;

/** @throws {FairleadError} `sdp_unprocessable`. */
export function offeredMedia(offer: Offer): OfferedMedia[] {
  return offer.sections.flatMap((section) => {
    const { media, isOpen } = section;
    const kind = media.type;
    if (!isOpen || (kind !== "audio" && kind !== "video")) return [];
    if (!/^(UDP|TCP)\/TLS\/RTP\/SAVPF$/.test(media.protocol)) throw refusal(`no ${kind} over DTLS-SRTP`);
    const direction = media.direction ?? offer.description.direction ?? "sendrecv";
    return [{ section, kind, direction, capabilities: capabilitiesOf(offer, media) }];
  });
}

/** Of one section alone: over the whole SDP the last one's header extensions would win. */
function capabilitiesOf({ description }: Offer, media: MediaDescription): RtpCapabilities {
  try {
    const { codecs = [], headerExtensions = [] } = extractRtpCapabilities({
      sdpObject: { ...description, media: [{ ...media, ext: media.ext ?? description.ext ?? [] }] },
    });
    const payloads = parsePayloads(media.payloads ?? "");
    const isNamed = ({ preferredPayloadType: type }: RtpCodecCapability) =>
      Number.isInteger(type) && type >= 0 && type < 128 && payloads.includes(type);
    return { codecs: codecs.filter(isNamed).slice(0, CODECS_LIMIT), headerExtensions };
  } catch (cause) {
    // Parameters with the names of Object's own members, for example.
    throw Object.assign(refusal("a section that can't be read"), { cause });
  }
}
