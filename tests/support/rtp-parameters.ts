import { type CodecName, mediaCodecs } from "@fairlead/protocol";

const MID = { uri: "urn:ietf:params:rtp-hdrext:sdes:mid", id: 1 };
const RID = { uri: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", id: 2 };
export const TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const FEEDBACK = [
  { type: "nack" },
  { type: "nack", parameter: "pli" },
  { type: "ccm", parameter: "fir" },
  { type: "transport-cc" },
];

let lastSsrc = 100_000;
let lastMid = 0;

/** A browser's parameters of one track, made by hand: valid for mediasoup, with no media behind them. */
export function rtpParameters(codec: CodecName, options: { rids?: string[] } = {}): Record<string, unknown> {
  const media = mediaCodecs([codec])[0];
  if (!media) throw new Error(`no codec ${codec}`);
  const { mimeType, clockRate, channels, parameters, kind } = media;
  const isVideo = kind === "video";
  const own = { mimeType, clockRate, channels, parameters, payloadType: 100 };
  const rtx = { mimeType: "video/rtx", clockRate, payloadType: 101, parameters: { apt: 100 } };
  return {
    mid: String(lastMid++),
    codecs: isVideo
      ? [{ ...own, rtcpFeedback: FEEDBACK }, rtx]
      : [{ ...own, rtcpFeedback: [{ type: "transport-cc" }] }],
    headerExtensions: [MID, { uri: TRANSPORT_CC, id: 5 }, ...(options.rids ? [RID] : [])],
    encodings: options.rids
      ? options.rids.map((rid) => ({ rid, scalabilityMode: "L1T3", maxBitrate: 500_000 }))
      : [{ ssrc: lastSsrc++, ...(isVideo ? { rtx: { ssrc: lastSsrc++ } } : {}) }],
    rtcp: { cname: "headless", reducedSize: true },
  };
}

/** Well-formed, and nobody's. */
export const MADE_UP_DTLS = {
  role: "client" as const,
  fingerprints: [{ algorithm: "sha-256", value: Array.from({ length: 32 }, () => "AB").join(":") }],
};
