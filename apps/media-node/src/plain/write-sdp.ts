import { isIPv6 } from "node:net";
import type { types } from "mediasoup";

export type SentTrack = {
  kind: types.MediaKind;
  codec: types.RtpCodecParameters;
  /** The node's. */
  senderAddress: string;
  receiverAddress: string;
  port: number;
  rtcpPort: number;
  /** What it is encrypted with; null: it is not. */
  crypto: { cryptoSuite: string; mediaKey: string } | null;
};

/** SDP (RFC 8866) for the receiver of one track, which ffmpeg and GStreamer read. Keys: RFC 4568; requests for key frames: RFC 4585. */
export function writeSdp({ kind, codec, crypto, ...track }: SentTrack): string {
  const { payloadType, clockRate, channels = 1, mimeType, parameters = {}, rtcpFeedback = [] } = codec;
  const encoding = `${mimeType.slice(mimeType.indexOf("/") + 1)}/${clockRate}`;
  const formats = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  const lines = [
    "v=0",
    `o=- 1 1 ${addressOf(track.senderAddress)}`,
    "s=Fairlead",
    `c=${addressOf(track.receiverAddress)}`,
    "t=0 0",
    `m=${kind} ${track.port} ${crypto ? "RTP/SAVPF" : "RTP/AVPF"} ${payloadType}`,
    `a=rtcp:${track.rtcpPort}`,
    `a=rtpmap:${payloadType} ${encoding}${channels > 1 ? `/${channels}` : ""}`,
    ...(formats.length > 0 ? [`a=fmtp:${payloadType} ${formats.join(";")}`] : []),
    ...rtcpFeedback.map(
      ({ type, parameter }) => `a=rtcp-fb:${payloadType} ${[type, parameter].join(" ").trim()}`,
    ),
    ...(crypto ? [`a=crypto:1 ${crypto.cryptoSuite} inline:${crypto.mediaKey}`] : []),
    "a=sendonly",
  ];
  return `${lines.join("\r\n")}\r\n`;
}

/** A host's name, which a NAT's public address may have, is IPv4's by convention. */
function addressOf(address: string): string {
  return `IN ${isIPv6(address) ? "IP6" : "IP4"} ${address}`;
}
