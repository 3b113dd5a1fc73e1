import type { types } from "mediasoup-client";

type Codec = types.RtpCodecCapability;

/**
 * mediasoup-client asks the browser twice what it can, by a peer connection that would receive and by another that would send. This
 * factory asks once, to receive. The browser tells without a peer connection which of the same codecs it sends, and mediasoup-client
 * takes all details from the real connection when it sends. A failure is not kept.
 */
export function probeOnce(factory: types.HandlerFactory): types.HandlerFactory {
  let probe: Promise<types.RtpCapabilities> | undefined;
  const receivable = () => {
    const asked = probe ?? factory.getNativeRtpCapabilities({ direction: "recvonly" });
    probe = asked;
    asked.catch(() => {
      probe = undefined;
    });
    return asked;
  };
  return {
    ...factory,
    getNativeRtpCapabilities: async ({ direction }) =>
      direction === "recvonly"
        ? await receivable()
        : (sendable(await receivable()) ?? (await factory.getNativeRtpCapabilities({ direction }))),
  };
}

/** @returns undefined where the browser does not say what it sends. */
function sendable({ codecs = [], ...rest }: types.RtpCapabilities): types.RtpCapabilities | undefined {
  if (typeof RTCRtpSender === "undefined" || !RTCRtpSender.getCapabilities) return undefined;
  const sent = ["audio", "video"].flatMap((kind) => RTCRtpSender.getCapabilities(kind)?.codecs ?? []);
  if (sent.length === 0) return undefined;
  const keys = new Set(sent.map(({ sdpFmtpLine = "", ...codec }) => keyOf(codec, parametersOf(sdpFmtpLine))));
  const mediaCodecs = codecs.filter((codec) => !isRtx(codec) && keys.has(keyOf(codec, codec.parameters)));
  const payloadTypes = mediaCodecs.map(({ preferredPayloadType }) => preferredPayloadType);
  const repairs = codecs.filter(
    (codec) => isRtx(codec) && payloadTypes.includes(Number(codec.parameters?.apt)),
  );
  return { ...rest, codecs: [...mediaCodecs, ...repairs] };
}

function isRtx({ mimeType }: Codec): boolean {
  return /\/rtx$/i.test(mimeType);
}

/**
 * Tells codecs apart as mediasoup does: H.264 by its profile, whose level may differ between receiving and sending, and by its
 * packetization, VP9 by its profile.
 */
function keyOf(
  { mimeType, clockRate }: { mimeType: string; clockRate: number },
  parameters: Codec["parameters"] = {},
): string {
  const profile = String(parameters["profile-level-id"] ?? "").slice(0, 4);
  const rest = [parameters["packetization-mode"] ?? 0, parameters["profile-id"] ?? 0];
  return [mimeType, clockRate, profile, ...rest].join(" ").toLowerCase();
}

/** Of `a=1;b=x` (RFC 8866 § 6.15). */
function parametersOf(line: string): Record<string, string> {
  return Object.fromEntries(line.split(";").map((pair) => pair.trim().split("=")));
}
