import type { types } from "mediasoup";
import type { OfferedMedia } from "./offered-media.ts";

const MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid";
/** mediasoup writes longer ones nowhere. */
const MID_BYTES = 8;

/**
 * What a viewer without a session can receive of a router with its payload types. There is no RTX: lost packets come again in their own
 * stream, as it has no payload type in common with every client. Header extensions have the router's ids, which no answer can change:
 * only those whose ids are equal are sent.
 */
export function receiverCapabilities(
  router: types.RtpCapabilities,
  offered: readonly OfferedMedia[],
): types.RtpCapabilities {
  const extensions = router.headerExtensions ?? [];
  // mediasoup compares ids and URIs, and no kinds: sound must not get what only pictures have.
  const isEqual = ({ uri, preferredId }: types.RtpHeaderExtension) =>
    offered.every(({ kind, capabilities, section }) => {
      if (!extensions.some((own) => own.kind === kind && own.uri === uri)) return true;
      if (uri === MID_URI && section.mid.length > MID_BYTES) return false;
      const theirs = capabilities.headerExtensions ?? [];
      return theirs.some((their) => their.uri === uri && their.preferredId === preferredId);
    });
  return {
    codecs: (router.codecs ?? []).filter(({ mimeType }) => !/\/rtx$/i.test(mimeType)),
    headerExtensions: extensions.filter(isEqual),
  };
}
