import * as z from "zod";
import type { Capabilities } from "./capabilities.ts";
import type { MediaKind } from "./grants.ts";

/**
 * The cluster's codec policy, and what follows from it: the router capabilities that mediasoup-client needs before it
 * can say its own. They are written out here, not asked of a node, so that signaling can serve them from any edge.
 * A test holds them equal to what mediasoup's routers say.
 */
export const CodecName = z.enum(["opus", "vp8", "vp9", "h264_baseline", "h264_high", "av1"]);
export type CodecName = z.infer<typeof CodecName>;

/** Opus is always there: the policy chooses among the video codecs, first ones preferred. */
export const CodecPolicy = z.array(CodecName).min(1);
export type CodecPolicy = z.infer<typeof CodecPolicy>;

export const DEFAULT_CODEC_POLICY: CodecPolicy = ["opus", "vp8", "vp9", "h264_baseline", "h264_high", "av1"];

/** mediasoup's `RouterRtpCodecCapability`, with a fixed payload type. */
export type MediaCodec = {
  kind: MediaKind;
  mimeType: string;
  clockRate: number;
  channels?: number;
  preferredPayloadType: number;
  parameters: Record<string, string | number>;
};

const h264 = (profileLevelId: string) => ({
  "level-asymmetry-allowed": 1,
  "packetization-mode": 1,
  "profile-level-id": profileLevelId,
});

const MEDIA_CODECS: Record<CodecName, Omit<MediaCodec, "preferredPayloadType">> = {
  opus: {
    kind: "audio",
    mimeType: "audio/opus",
    clockRate: 48_000,
    channels: 2,
    parameters: { useinbandfec: 1, usedtx: 1 },
  },
  vp8: { kind: "video", mimeType: "video/VP8", clockRate: 90_000, parameters: {} },
  vp9: {
    kind: "video",
    mimeType: "video/VP9",
    clockRate: 90_000,
    parameters: { "profile-id": 0 },
  },
  h264_baseline: {
    kind: "video",
    mimeType: "video/H264",
    clockRate: 90_000,
    parameters: h264("42e01f"),
  },
  h264_high: {
    kind: "video",
    mimeType: "video/H264",
    clockRate: 90_000,
    parameters: h264("640c1f"),
  },
  av1: { kind: "video", mimeType: "video/AV1", clockRate: 90_000, parameters: {} },
};

/** mediasoup gives RTX the lowest payload type from 100 on that is free by then. */
const FIRST_PAYLOAD_TYPE = 100;

/**
 * @returns What a node gives to `worker.createRouter`. Payload types are dense and in order, so that RTX of a video codec
 * gets the one after it whatever the policy.
 */
export function mediaCodecs(policy: CodecPolicy): MediaCodec[] {
  let next = FIRST_PAYLOAD_TYPE;
  return policy.map((name) => {
    const codec = { ...MEDIA_CODECS[name], preferredPayloadType: next };
    next += codec.kind === "video" ? 2 : 1;
    return codec;
  });
}

const AUDIO_FEEDBACK = [
  { type: "nack", parameter: "" },
  { type: "transport-cc", parameter: "" },
];
const VIDEO_FEEDBACK = [
  { type: "nack", parameter: "" },
  { type: "nack", parameter: "pli" },
  { type: "ccm", parameter: "fir" },
  { type: "goog-remb", parameter: "" },
  { type: "transport-cc", parameter: "" },
];

const WEBRTC = "http://www.webrtc.org/experiments/rtp-hdrext";
/** `[uri, preferred id, direction for audio, direction for video]`, as mediasoup 3.27 supports them. */
const HEADER_EXTENSIONS: [string, number, string | null, string | null][] = [
  ["urn:ietf:params:rtp-hdrext:sdes:mid", 1, "sendrecv", "sendrecv"],
  ["urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", 2, null, "recvonly"],
  ["urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", 3, null, "recvonly"],
  [`${WEBRTC}/abs-send-time`, 4, "sendrecv", "sendrecv"],
  ["http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", 5, "recvonly", "sendrecv"],
  ["urn:ietf:params:rtp-hdrext:ssrc-audio-level", 6, "sendrecv", null],
  [
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
    7,
    null,
    "recvonly",
  ],
  ["urn:3gpp:video-orientation", 8, null, "sendrecv"],
  ["urn:ietf:params:rtp-hdrext:toffset", 9, null, "sendrecv"],
  [`${WEBRTC}/abs-capture-time`, 10, "sendrecv", "sendrecv"],
  [`${WEBRTC}/playout-delay`, 11, "sendrecv", "sendrecv"],
  ["urn:mediasoup:params:rtp-hdrext:packet-id", 12, "sendrecv", "sendrecv"],
];

/** mediasoup's `RtpCapabilities` of every router of the cluster. */
export type RouterRtpCapabilities = {
  codecs: Record<string, unknown>[];
  headerExtensions: Record<string, unknown>[];
};

export function routerRtpCapabilities(policy: CodecPolicy): RouterRtpCapabilities {
  return {
    codecs: mediaCodecs(policy).flatMap((codec) =>
      codec.kind === "audio"
        ? [{ ...codec, rtcpFeedback: AUDIO_FEEDBACK }]
        : [{ ...codec, rtcpFeedback: VIDEO_FEEDBACK }, rtxOf(codec)],
    ),
    headerExtensions: HEADER_EXTENSIONS.flatMap(([uri, preferredId, audio, video]) => [
      ...(audio ? [{ kind: "audio", uri, preferredId, preferredEncrypt: false, direction: audio }] : []),
      ...(video ? [{ kind: "video", uri, preferredId, preferredEncrypt: false, direction: video }] : []),
    ]),
  };
}

function rtxOf(codec: MediaCodec): Record<string, unknown> {
  return {
    kind: "video",
    mimeType: "video/rtx",
    preferredPayloadType: codec.preferredPayloadType + 1,
    clockRate: codec.clockRate,
    parameters: { apt: codec.preferredPayloadType },
    rtcpFeedback: [],
  };
}

/** @returns The capabilities with a version that changes whenever they do. */
export function capabilitiesOf(policy: CodecPolicy): Capabilities {
  const capabilities = routerRtpCapabilities(policy);
  return { version: fingerprint(JSON.stringify(capabilities)), routerRtpCapabilities: capabilities };
}

/** FNV-1a, 32 bits: tells versions apart, protects nothing. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
