import * as z from "zod";
import { MediaId } from "./ids.ts";

/**
 * mediasoup's own parameter types, bounded in size but otherwise handed on as they are: mediasoup and mediasoup-client
 * validate them, and a copy of their schemas here would only drift.
 */
const boundedJson = (limit: number) =>
  z
    .record(z.string(), z.unknown())
    .refine((value) => JSON.stringify(value).length <= limit, { message: `over ${limit} characters` });

export const RtpCapabilities = boundedJson(32_768);
export type RtpCapabilities = z.infer<typeof RtpCapabilities>;

export const RtpParameters = boundedJson(32_768);
export type RtpParameters = z.infer<typeof RtpParameters>;

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

/** What the browser needs to build its half of a WebRtcTransport. */
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
