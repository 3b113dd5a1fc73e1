import * as z from "zod";
import { depthWithin } from "./depth.ts";
import { MediaId } from "./ids.ts";

const CAPABILITIES_LIMIT = 32_768;
const DEPTH_LIMIT = 16;

/** `RTCRtpCapabilities` of mediasoup-client, bounded, and otherwise handed on as they are: mediasoup validates them. */
export const RtpCapabilities = z
  .record(z.string(), z.unknown())
  // In this order: what is nested too deep for the stack is never walked to its end.
  .refine((value) => depthWithin(value, DEPTH_LIMIT), {
    message: `nested deeper than ${DEPTH_LIMIT}`,
    abort: true,
  })
  .refine((value) => JSON.stringify(value).length <= CAPABILITIES_LIMIT, {
    message: `over ${CAPABILITIES_LIMIT} characters`,
  });
export type RtpCapabilities = z.infer<typeof RtpCapabilities>;

/** Text that other peers' browsers write into SDP: it must stay within one line. */
const SdpText = z
  .string()
  .max(256)
  .regex(/^[\x20-\x7e]*$/, "printable ASCII");
const SdpToken = z.string().regex(/^[A-Za-z0-9_-]{1,32}$/, "1 to 32 of A-Z a-z 0-9 _ -");
const CodecParameters = z.record(SdpToken, z.union([SdpText, z.number(), z.boolean(), z.null()]));
const Ssrc = z.int().min(0).max(0xffff_ffff);
const PayloadType = z.int().min(0).max(127);

const SendRtpParameters = z.object({
  mid: SdpToken.optional(),
  codecs: z
    .array(
      z.object({
        mimeType: z.string().regex(/^(audio|video)\/[A-Za-z0-9.-]{1,32}$/, "audio/… or video/…"),
        payloadType: PayloadType,
        clockRate: z.int().min(1).max(1_000_000),
        channels: z.int().min(1).max(32).optional(),
        parameters: CodecParameters.optional(),
        rtcpFeedback: z
          .array(z.object({ type: SdpToken, parameter: SdpText.optional() }))
          .max(16)
          .optional(),
      }),
    )
    .min(1)
    .max(16),
  headerExtensions: z
    .array(
      z.object({
        uri: SdpText,
        id: z.int().min(1).max(255),
        encrypt: z.boolean().optional(),
        parameters: CodecParameters.optional(),
      }),
    )
    .max(32)
    .optional(),
  /** One, or one per simulcast layer. */
  encodings: z
    .array(
      z.object({
        ssrc: Ssrc.optional(),
        rid: SdpToken.optional(),
        codecPayloadType: PayloadType.optional(),
        rtx: z.object({ ssrc: Ssrc }).optional(),
        dtx: z.boolean().optional(),
        scalabilityMode: z
          .string()
          .regex(/^[LS][1-4]T[1-4](_KEY(_SHIFT)?|h)?$/, "e.g. L1T3")
          .optional(),
        scaleResolutionDownBy: z.number().optional(),
        maxBitrate: z.number().optional(),
      }),
    )
    .max(4)
    .optional(),
  rtcp: z.object({ reducedSize: z.boolean().optional() }).optional(),
});
/**
 * mediasoup's `RtpParameters` of a producer, as mediasoup-client made them. Members that other peers' browsers don't need are left
 * out: the node itself gives the stream its names (`cname`, `msid`).
 */
export const RtpParameters = z.record(z.string(), z.unknown()).pipe(SendRtpParameters);
export type RtpParameters = z.output<typeof RtpParameters>;

/** The parameters to receive a consumer with. mediasoup made them, so they are not checked again. */
export const ConsumerRtpParameters = z.record(z.string(), z.unknown());
export type ConsumerRtpParameters = z.infer<typeof ConsumerRtpParameters>;

export const DtlsParameters = z.object({
  role: z.enum(["auto", "client", "server"]).optional(),
  fingerprints: z
    .array(z.object({ algorithm: z.string().max(16), value: z.string().max(256) }))
    .min(1)
    .max(8),
});
export type DtlsParameters = z.infer<typeof DtlsParameters>;

export const SctpStreamParameters = z.object({
  streamId: z.int().min(0).max(65_535).optional(),
  ordered: z.boolean().optional(),
  maxPacketLifeTime: z.int().min(0).optional(),
  maxRetransmits: z.int().min(0).optional(),
});
export type SctpStreamParameters = z.infer<typeof SctpStreamParameters>;

export const IceParameters = z.record(z.string(), z.unknown());
export type IceParameters = z.infer<typeof IceParameters>;

/** Everything a browser needs to build its half of a WebRtcTransport. */
export const TransportOffer = z.object({
  id: MediaId,
  iceParameters: IceParameters,
  iceCandidates: z.array(z.record(z.string(), z.unknown())),
  dtlsParameters: z.record(z.string(), z.unknown()),
  sctpParameters: z.record(z.string(), z.unknown()).optional(),
});
export type TransportOffer = z.infer<typeof TransportOffer>;

/** RTCIceServer, as far as TURN's REST convention goes. */
export const IceServer = z.object({
  urls: z.array(z.string()),
  username: z.string().optional(),
  credential: z.string().optional(),
});
export type IceServer = z.infer<typeof IceServer>;

export const PreferredLayers = z.object({
  spatialLayer: z.int().min(0).max(7),
  temporalLayer: z.int().min(0).max(7).optional(),
});
export type PreferredLayers = z.infer<typeof PreferredLayers>;
