import type { Sdp } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { type MediaDescription, type SessionDescription, write } from "sdp-transform";
import type { Offer, Section } from "./read-offer.ts";

/** One section that is served. */
export type Answered = {
  direction: "recvonly" | "sendonly";
  /** With the offer's payload types and ids. */
  rtp: Pick<types.RtpParameters, "codecs" | "headerExtensions" | "encodings" | "rtcp">;
  /** Of layers that the client sends. */
  rids?: readonly string[];
};

/** What the client and the transport agree on; the same for each section. */
export type AnsweringTransport = Pick<
  types.WebRtcTransport,
  "iceParameters" | "iceCandidates" | "dtlsParameters"
>;

/**
 * The answer to an offer: `answered` by mid, and every other section rejected with port 0 (RFC 3264 § 6). All of the server's
 * candidates stand in it.
 */
export function writeAnswer(
  offer: Offer,
  transport: AnsweringTransport,
  answered: ReadonlyMap<string, Answered>,
): Sdp {
  const { iceParameters, dtlsParameters } = transport;
  const { algorithm, value } =
    dtlsParameters.fingerprints.find((one) => one.algorithm === "sha-256") ??
    (dtlsParameters.fingerprints[0] as types.DtlsFingerprint);
  const { extmapAllowMixed } = offer.description;
  const description: SessionDescription = {
    version: 0,
    origin: { username: "-", sessionId: 1, sessionVersion: 1, netType: "IN", ipVer: 4, address: "0.0.0.0" },
    name: "-",
    timing: { start: 0, stop: 0 },
    ...(iceParameters.iceLite ? { icelite: "ice-lite" } : {}),
    iceOptions: ICE_OPTIONS,
    fingerprint: { type: algorithm, hash: value },
    ...(extmapAllowMixed ? { extmapAllowMixed } : {}),
    groups: [{ type: "BUNDLE", mids: [...answered.keys()].join(" ") }],
    msidSemantic: { semantic: "WMS", token: "*" },
    media: offer.sections.map((section) => {
      const one = answered.get(section.mid);
      return one ? acceptSection(offer, section, one, transport) : rejectSection(section);
    }),
  };
  return write(description);
}

export const ICE_OPTIONS = "trickle ice2";

/** @returns The lines of ICE that stand in each section of an answer, and in the fragment after a restart. */
export function iceOf({ iceParameters, iceCandidates }: AnsweringTransport) {
  return {
    iceUfrag: iceParameters.usernameFragment,
    icePwd: iceParameters.password,
    candidates: iceCandidates.map(({ foundation, protocol, priority, address, port, type, tcpType }) => ({
      ...{ foundation, component: 1, transport: protocol, priority, ip: address, port, type },
      ...(tcpType ? { tcptype: tcpType } : {}),
    })),
    endOfCandidates: "end-of-candidates" as const,
  };
}

function acceptSection(
  { dtls }: Offer,
  { media, mid }: Section,
  { direction, rtp, rids = [] }: Answered,
  transport: AnsweringTransport,
): MediaDescription {
  const { codecs, headerExtensions = [], encodings = [], rtcp } = rtp;
  return {
    ...{ type: media.type, port: 9, protocol: media.protocol, connection: NOWHERE, mid, direction },
    ...{ ...iceOf(transport), setup: dtls.role === "server" ? "active" : "passive", rtcpMux: "rtcp-mux" },
    ...(media.rtcpRsize ? { rtcpRsize: "rtcp-rsize" } : {}),
    payloads: codecs.map(({ payloadType }) => payloadType).join(" "),
    rtp: codecs.map(({ payloadType, mimeType, clockRate, channels = 1 }) => ({
      ...{ payload: payloadType, codec: mimeType.slice(mimeType.indexOf("/") + 1), rate: clockRate },
      ...(channels > 1 ? { encoding: channels } : {}),
    })),
    fmtp: codecs.flatMap(({ payloadType: payload, parameters = {} }) => {
      const config = Object.entries(parameters).map(([name, value]) =>
        value === undefined || value === "" ? name : `${name}=${value}`,
      );
      return config.length > 0 ? [{ payload, config: config.join(";") }] : [];
    }),
    rtcpFb: codecs.flatMap(({ payloadType: payload, rtcpFeedback = [] }) =>
      rtcpFeedback.map(({ type, parameter }) => ({
        payload,
        type,
        ...(parameter ? { subtype: parameter } : {}),
      })),
    ),
    ext: headerExtensions.map(({ id, uri }) => ({ value: id, uri })),
    ...(rids.length > 0
      ? {
          rids: rids.map((id) => ({ id, direction: "recv" })),
          simulcast: { dir1: "recv", list1: rids.join(";") },
        }
      : {}),
    ...(direction === "sendonly"
      ? {
          msid: [{ id: "broadcast", appdata: media.type }],
          ssrcs: encodings.flatMap(({ ssrc }) =>
            ssrc === undefined ? [] : [{ id: ssrc, attribute: "cname", value: rtcp?.cname ?? "broadcast" }],
          ),
        }
      : {}),
  };
}

const NOWHERE = { version: 4, ip: "0.0.0.0" };

function rejectSection({ media, mid }: Section): MediaDescription {
  const { type, protocol, payloads } = media;
  return {
    ...{ type, port: 0, protocol, payloads: String(payloads ?? "0"), connection: NOWHERE },
    ...{ mid, direction: "inactive", rtp: [], fmtp: [] },
  };
}
