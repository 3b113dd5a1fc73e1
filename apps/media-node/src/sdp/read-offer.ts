import { FairleadError, type Sdp } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { type MediaDescription, parse, type SessionDescription } from "sdp-transform";

/** What an offer says about its transport; all its sections share one. */
export type Offer = {
  description: SessionDescription;
  /** In order, rejected ones and those of other kinds included. */
  sections: readonly Section[];
  ice: IceCredentials;
  /** With the role that is left to the client. */
  dtls: types.DtlsParameters;
};

export type IceCredentials = { ufrag: string; pwd: string };

export type Section = { media: MediaDescription; mid: string; isOpen: boolean };

/** More than any client has use for, and cheap to answer. */
const SECTION_LIMIT = 16;

const MID = /^[\w.+-]{1,32}$/;
/** RFC 8839 § 5.4. */
const UFRAG = /^[A-Za-z0-9+/]{4,256}$/;
const PWD = /^[A-Za-z0-9+/]{22,256}$/;
const FINGERPRINT = /^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){19,63}$/;
const HASHES = ["sha-1", "sha-224", "sha-256", "sha-384", "sha-512"];
/** RFC 8842 § 5. The client may leave the choice to us: it then begins, as it knows first that ICE has a pair. */
const ROLES = new Map<unknown, types.DtlsRole>([
  ["actpass", "client"],
  ["active", "client"],
  ["passive", "server"],
]);

/**
 * The rules that WHIP and WHEP share: one transport for all media (RFC 9725 § 4.4).
 * @throws {FairleadError} `invalid_request`: no SDP; `sdp_unprocessable`: SDP of something else.
 */
export function readOffer(sdp: Sdp): Offer {
  const description = readDescription(sdp);
  const { media } = description;
  if (media.length === 0 || media.length > SECTION_LIMIT)
    throw refusal(`an offer has 1 to ${SECTION_LIMIT} media sections`);
  const sections = media.map(readSection);
  const open = sections.filter(({ isOpen }) => isOpen);
  if (new Set(sections.map(({ mid }) => mid)).size < sections.length) throw refusal("a mid stands twice");
  if (open.length === 0) throw refusal("no section is open");
  assertBundled(description, open);
  const first = open.find(({ media }) => media.iceUfrag !== undefined)?.media ?? {};
  return { description, sections, ice: readIce([first, description]), dtls: readDtls(description, open) };
}

export function refusal(message: string): FairleadError {
  return new FairleadError("sdp_unprocessable", { message });
}

/** @throws {FairleadError} `invalid_request`. */
export function readDescription(sdp: Sdp): SessionDescription {
  if (!/^v=0\r?\n/.test(sdp)) throw new FairleadError("invalid_request", { message: "no SDP" });
  try {
    return parse(sdp);
  } catch (cause) {
    throw new FairleadError("invalid_request", { message: "unreadable SDP", cause });
  }
}

/** RFC 8843 § 6: a section that is only in the bundle has port 0, and is open. */
function readSection(media: MediaDescription): Section {
  const mid = String(media.mid ?? "");
  if (!MID.test(mid)) throw refusal("a section has no mid");
  return { media, mid, isOpen: media.port !== 0 || media.bundleOnly !== undefined };
}

function assertBundled({ groups = [] }: SessionDescription, open: readonly Section[]): void {
  const bundle = groups.find(({ type }) => type === "BUNDLE");
  const mids = new Set(String(bundle?.mids ?? "").split(" "));
  if (!open.every(({ mid }) => mids.has(mid))) throw refusal("every section must be in one BUNDLE group");
  const isMuxed = ({ media }: Section) => media.type === "application" || media.rtcpMux !== undefined;
  if (!open.every(isMuxed)) throw refusal("every section needs a=rtcp-mux");
}

/** @param levels The first that has them counts. */
export function readIce(levels: readonly { iceUfrag?: unknown; icePwd?: unknown }[]): IceCredentials {
  const level = levels.find(({ iceUfrag }) => iceUfrag !== undefined);
  const [ufrag, pwd] = [String(level?.iceUfrag ?? ""), String(level?.icePwd ?? "")];
  if (!UFRAG.test(ufrag) || !PWD.test(pwd)) throw refusal("no a=ice-ufrag and a=ice-pwd");
  return { ufrag, pwd };
}

function readDtls(description: SessionDescription, open: readonly Section[]): types.DtlsParameters {
  const levels = [...open.map(({ media }) => media), description];
  const role = ROLES.get(levels.find(({ setup }) => setup !== undefined)?.setup);
  if (!role) throw refusal("a=setup must be actpass, active or passive");
  const fingerprint = levels.find((level) => level.fingerprint !== undefined)?.fingerprint;
  const algorithm = String(fingerprint?.type).toLowerCase();
  const value = String(fingerprint?.hash).toUpperCase();
  if (!HASHES.includes(algorithm) || !FINGERPRINT.test(value))
    throw refusal("no a=fingerprint that is served");
  return { role, fingerprints: [{ algorithm: algorithm as types.FingerprintAlgorithm, value }] };
}
