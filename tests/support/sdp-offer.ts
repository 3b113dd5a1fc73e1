const FINGERPRINT = Array.from({ length: 32 }, (_, index) => (index + 16).toString(16).toUpperCase()).join(
  ":",
);

const COMMON = [
  "c=IN IP4 0.0.0.0",
  "a=ice-ufrag:uFrg",
  "a=ice-pwd:0f2f7c1e6a0b4f6e9a542f2d",
  "a=ice-options:trickle",
  `a=fingerprint:sha-256 ${FINGERPRINT}`,
  "a=setup:actpass",
  "a=rtcp-mux",
];

/** An offer as a browser makes it, of somebody whose media never comes: one microphone and one camera, or their places. */
export function sdpOffer(direction: "sendonly" | "recvonly"): string {
  const msid = direction === "sendonly" ? ["a=msid:stream"] : [];
  const lines = [
    "v=0",
    "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0 1",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    ...COMMON,
    ...["a=mid:0", `a=${direction}`, ...msid.map((line) => `${line} microphone`)],
    ...["a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1"],
    ...(direction === "sendonly" ? ["a=ssrc:1111 cname:c"] : []),
    "m=video 9 UDP/TLS/RTP/SAVPF 96",
    ...COMMON,
    ...["a=mid:1", `a=${direction}`, ...msid.map((line) => `${line} camera`)],
    ...["a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli"],
    ...(direction === "sendonly" ? ["a=ssrc:2222 cname:c"] : []),
  ];
  return `${lines.join("\r\n")}\r\n`;
}

/** A candidate of its, as PATCH brings it. */
export const SDP_CANDIDATE = [
  "a=ice-ufrag:uFrg",
  "a=ice-pwd:0f2f7c1e6a0b4f6e9a542f2d",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=mid:0",
  "a=candidate:1387637174 1 udp 2122260223 127.0.0.1 61764 typ host",
  "",
].join("\r\n");
