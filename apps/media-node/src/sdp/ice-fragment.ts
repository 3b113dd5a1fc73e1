import { FairleadError, type Sdp } from "@fairlead/protocol";
import { parse, type SessionDescription } from "sdp-transform";
import { type IceCredentials, readIce, refusal, type Section } from "./read-offer.ts";
import { type AnsweringTransport, ICE_OPTIONS, iceOf } from "./write-answer.ts";

export type IceFragment = {
  /** null: it names none. */
  ice: IceCredentials | null;
  mids: readonly string[];
};

/**
 * A fragment of SDP with ICE alone (RFC 8840 § 9). Its candidates are read and left: a server with ICE lite answers whatever reaches it.
 * @throws {FairleadError} `invalid_request`; `sdp_unprocessable`.
 */
export function readFragment(text: Sdp): IceFragment {
  const session = parseFragment(text);
  const { media } = session;
  const levels = [session, ...media].filter(({ iceUfrag, icePwd }) => iceUfrag ?? icePwd);
  const candidates = media.flatMap((section) => section.candidates ?? []);
  if (candidates.some(({ ip, port }) => ip === undefined || port === undefined))
    throw new FairleadError("invalid_request", { message: "a candidate that can't be read" });
  const all = levels.map((level) => readIce([level]));
  const [ice = null] = all;
  if (all.some(({ ufrag, pwd }) => ufrag !== ice?.ufrag || pwd !== ice.pwd))
    throw refusal("a fragment has one pair of credentials");
  return { ice, mids: media.flatMap(({ mid }) => (mid === undefined ? [] : [String(mid)])) };
}

/** Every line has the form of SDP, and there is one at least of ICE. */
function parseFragment(text: Sdp): SessionDescription {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line !== "");
  if (lines.length === 0 || !lines.every((line) => /^[a-z]=/.test(line)))
    throw new FairleadError("invalid_request", { message: "no fragment of SDP" });
  try {
    return parse(text);
  } catch (cause) {
    throw new FairleadError("invalid_request", { message: "unreadable fragment of SDP", cause });
  }
}

/** @returns What a client gets after a restart. */
export function writeFragment(transport: AnsweringTransport, { media, mid }: Section): Sdp {
  const { iceUfrag, icePwd, candidates, endOfCandidates } = iceOf(transport);
  const lines = [
    ...(transport.iceParameters.iceLite ? ["a=ice-lite"] : []),
    `a=ice-options:${ICE_OPTIONS}`,
    `a=ice-ufrag:${iceUfrag}`,
    `a=ice-pwd:${icePwd}`,
    `m=${media.type} 9 ${media.protocol} ${media.payloads ?? "0"}`,
    `a=mid:${mid}`,
    ...candidates.map(
      ({ foundation, component, transport: protocol, priority, ip, port, type, tcptype }) =>
        `a=candidate:${foundation} ${component} ${protocol} ${priority} ${ip} ${port} typ ${type}` +
        (tcptype ? ` tcptype ${tcptype}` : ""),
    ),
    `a=${endOfCandidates}`,
  ];
  return `${lines.join("\r\n")}\r\n`;
}
