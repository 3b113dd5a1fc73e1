import { randomBytes } from "node:crypto";

/** A codec of an offer: name as in rtpmap, payload type, and the rest of its lines. */
export type MadeCodec = { pt: number; name: string; fmtp?: string; rtx?: number };

export type MadeSection = {
  kind: "audio" | "video" | "application";
  codecs?: readonly MadeCodec[];
  direction?: string;
  mid?: string;
  port?: number;
  ext?: Record<number, string>;
  ssrc?: number | null;
  rids?: readonly string[];
  /** Lines that are added, and those with a beginning that are left out. */
  more?: readonly string[];
  without?: readonly string[];
};

export type MadeOffer = {
  sections: readonly MadeSection[];
  ufrag?: string;
  pwd?: string;
  setup?: string;
  bundle?: string | null;
  isTrickled?: boolean;
};

export const OPUS: MadeCodec = { pt: 111, name: "opus/48000/2", fmtp: "minptime=10;useinbandfec=1" };
export const VP8: MadeCodec = { pt: 96, name: "VP8/90000", rtx: 97 };
export const H264: MadeCodec = {
  pt: 102,
  name: "H264/90000",
  fmtp: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
  rtx: 103,
};
export const MID = "urn:ietf:params:rtp-hdrext:sdes:mid";
export const RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
export const TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

export const FINGERPRINT = Array.from({ length: 32 }, (_, index) =>
  (index + 16).toString(16).toUpperCase(),
).join(":");

/** An offer as a browser writes it, but for what is asked for otherwise. */
export function makeOffer(offer: MadeOffer): string {
  const { sections, ufrag = "uFrg", pwd = randomBytes(12).toString("hex"), setup = "actpass" } = offer;
  const mids = sections.map(({ mid }, index) => mid ?? String(index));
  const { bundle = mids.join(" "), isTrickled = false } = offer;
  const lines = [
    "v=0",
    "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    ...(bundle === null ? [] : [`a=group:BUNDLE ${bundle}`]),
    "a=extmap-allow-mixed",
    "a=msid-semantic: WMS stream",
    ...sections.flatMap((section, index) => [
      ...sectionLines(section, mids[index] ?? ""),
      `a=ice-ufrag:${ufrag}`,
      `a=ice-pwd:${pwd}`,
      ...(isTrickled
        ? ["a=ice-options:trickle"]
        : ["a=candidate:1 1 udp 2122260223 192.0.2.7 51000 typ host", "a=end-of-candidates"]),
      `a=fingerprint:sha-256 ${FINGERPRINT}`,
      `a=setup:${setup}`,
    ]),
  ];
  return `${lines.join("\r\n")}\r\n`;
}

function sectionLines(section: MadeSection, mid: string): string[] {
  const { kind, codecs = kind === "audio" ? [OPUS] : [VP8], port = 9, without = [], more = [] } = section;
  if (kind === "application")
    return [
      `m=application ${port} UDP/DTLS/SCTP webrtc-datachannel`,
      "c=IN IP4 0.0.0.0",
      `a=mid:${mid}`,
      "a=sctp-port:5000",
    ];
  const payloads = codecs.flatMap(({ pt, rtx }) => (rtx === undefined ? [pt] : [pt, rtx]));
  const lines = [
    `m=${kind} ${port} UDP/TLS/RTP/SAVPF ${payloads.join(" ")}`,
    "c=IN IP4 0.0.0.0",
    `a=mid:${mid}`,
    `a=${section.direction ?? "sendonly"}`,
    "a=rtcp-mux",
    "a=rtcp-rsize",
    ...codecs.flatMap(codecLines),
    ...Object.entries(section.ext ?? {}).map(([id, uri]) => `a=extmap:${id} ${uri}`),
    ...ssrcLines(section),
    ...(section.rids ?? []).map((rid) => `a=rid:${rid} send`),
    ...(section.rids ? [`a=simulcast:send ${section.rids.join(";")}`] : []),
    ...more,
  ];
  return lines.filter((line) => !without.some((beginning) => line.startsWith(beginning)));
}

function codecLines({ pt, name, fmtp, rtx }: MadeCodec): string[] {
  return [
    `a=rtpmap:${pt} ${name}`,
    ...["nack", "nack pli", "ccm fir", "transport-cc", "goog-remb"].map(
      (feedback) => `a=rtcp-fb:${pt} ${feedback}`,
    ),
    ...(fmtp === undefined ? [] : [`a=fmtp:${pt} ${fmtp}`]),
    ...(rtx === undefined ? [] : [`a=rtpmap:${rtx} rtx/90000`, `a=fmtp:${rtx} apt=${pt}`]),
  ];
}

function ssrcLines({ kind, codecs, ssrc, rids, direction = "sendonly" }: MadeSection): string[] {
  if (ssrc === null || rids || direction === "recvonly" || direction === "inactive") return [];
  const main = ssrc ?? (kind === "audio" ? 1_001 : 2_002);
  const hasRtx = kind === "video" && (codecs ?? [VP8]).some(({ rtx }) => rtx !== undefined);
  return [
    ...(hasRtx ? [`a=ssrc-group:FID ${main} ${main + 1}`, `a=ssrc:${main + 1} cname:me`] : []),
    `a=ssrc:${main} cname:me`,
  ];
}
