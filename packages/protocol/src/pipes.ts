import * as z from "zod";
import { MediaKind, Source } from "./grants.ts";
import { ConsumerRtpParameters } from "./media.ts";

/** An end of a pipe, as mediasoup's `PipeTransport` tells it. */
export const PipeAddress = z.object({
  ip: z.string().max(64),
  port: z.int().min(1).max(65_535),
  /** Between two hosts. */
  srtpParameters: z.object({ cryptoSuite: z.string().max(64), keyBase64: z.string().max(256) }).optional(),
});
export type PipeAddress = z.infer<typeof PipeAddress>;

/** A track that comes by a pipe: what the consumer at its other end sends. */
export const PipedTrack = z.object({
  source: Source,
  kind: MediaKind,
  rtpParameters: ConsumerRtpParameters,
});
export type PipedTrack = z.infer<typeof PipedTrack>;
