import type { types } from "mediasoup";
import { getRtpEncodings } from "mediasoup-client/handlers/sdp/unifiedPlanUtils";
import { type MediaDescription, parseSimulcastStreamList } from "sdp-transform";
import { orderLayers } from "./order-layers.ts";
import { refusal } from "./read-offer.ts";

const LAYERS_LIMIT = 4;
const RID = /^[A-Za-z0-9_-]{1,16}$/;

/**
 * The streams that a section sends: simulcast by RID (RFC 8853), by SSRC, or one stream.
 * @param hasMid Whether packets say which section they belong to.
 * @throws {FairleadError} `sdp_unprocessable`.
 */
export function offeredEncodings(
  media: MediaDescription,
  codecs: types.RtpCodecParameters[],
  hasMid: boolean,
): types.RtpEncodingParameters[] {
  const rids = offeredRids(media);
  if (rids.length > 1 && media.type === "video") return orderLayers(rids).map((rid) => ({ rid }));
  const ssrcs = offeredSsrcs(media, codecs);
  if (ssrcs.length > 0) return ssrcs;
  if (!hasMid && rids.length === 0) throw refusal("a section needs a=ssrc, or the header extension of mid");
  return [rids[0] === undefined ? {} : { rid: rids[0] }];
}

/** Of alternatives only the first. */
export function offeredRids({ simulcast, rids = [] }: MediaDescription): string[] {
  const list = [
    [simulcast?.dir1, simulcast?.list1],
    [simulcast?.dir2, simulcast?.list2],
  ].find(([direction]) => direction === "send")?.[1];
  const sent = new Set(rids.filter(({ direction }) => direction === "send").map(({ id }) => String(id)));
  const listed =
    list === undefined
      ? [...sent]
      : parseSimulcastStreamList(String(list)).flatMap(([first]) => (first ? [String(first.scid)] : []));
  if (listed.length > LAYERS_LIMIT) throw refusal(`at most ${LAYERS_LIMIT} layers`);
  if (new Set(listed).size < listed.length || !listed.every((rid) => RID.test(rid) && sent.has(rid)))
    throw refusal("a=simulcast and a=rid don't fit");
  return listed;
}

function offeredSsrcs(media: MediaDescription, codecs: types.RtpCodecParameters[]) {
  const { ssrcs = [], ssrcGroups = [] } = media;
  const isValid = (ssrc: unknown) => typeof ssrc === "number" && ssrc > 0 && ssrc <= 0xffff_ffff;
  if (ssrcs.length === 0) return [];
  if (!ssrcs.every(({ id }) => isValid(id))) throw refusal("no SSRC has more than 32 bits");
  // Streams of forward error correction are none of ours.
  const groups = ssrcGroups.filter(({ semantics }) => semantics === "FID");
  const layers = ssrcGroups.find(({ semantics }) => semantics === "SIM")?.ssrcs;
  const encodings = getRtpEncodings({ offerMediaObject: { ...media, ssrcGroups: groups }, codecs });
  const sent =
    layers === undefined || media.type !== "video"
      ? encodings.slice(0, 1)
      : String(layers)
          .split(" ")
          .slice(0, LAYERS_LIMIT)
          .flatMap((layer) => encodings.find(({ ssrc }) => ssrc === Number(layer)) ?? []);
  if (sent.length === 0 || sent.some(({ rtx }) => rtx && !isValid(rtx.ssrc)))
    throw refusal("a=ssrc and a=ssrc-group don't fit");
  return sent as types.RtpEncodingParameters[];
}
