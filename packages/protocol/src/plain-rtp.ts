import * as z from "zod";
import { MediaKind, Source } from "./grants.ts";
import { Epoch, MediaId, PeerId, RoomId, TicketIdentity } from "./ids.ts";
import { Lease, Mute, RoomOptions } from "./registry-records.ts";
import { DisplayName, Metadata } from "./ticket-claims.ts";

/** RTP (RFC 3550) of encoders and recorders that speak no WebRTC: what comes into a room is an ingest, what goes out an egress. */

/** An ingest without media for so long is gone, ms. */
export const RTP_SILENT_MS = 30_000;
export const RTP_INGESTS_PER_ROOM = 8;
export const RTP_EGRESSES_PER_ROOM = 8;

export const EGRESS_TTL_MAX_S = 86_400;

const PORTS = { min: 1_024, max: 65_535 };
/** Each track has a port for RTP, and the next one for RTCP (RFC 3550 § 11). */
const Port = z
  .int()
  .min(PORTS.min)
  .max(PORTS.max - 1);
/** The tracks of an egress have ports that follow one another. */
const FirstPort = z
  .int()
  .min(PORTS.min)
  .max(PORTS.max - 2 * Source.options.length + 1);

/** Never a name, which somebody else could have stand for another address a moment later. */
const IpAddress = z
  .union([z.ipv4(), z.ipv6()], "an IPv4 or IPv6 address")
  .refine((address) => !/^::ffff:/i.test(address), "an IPv4 address is written as one");

export const RtpCodec = z.enum(["opus", "vp8", "h264"]);
export type RtpCodec = z.infer<typeof RtpCodec>;

/** SDP Security Descriptions' keys (RFC 4568 § 6.2): master key and salt, in base64. Both directions have their own. */
export const SrtpKeys = z.object({
  cryptoSuite: z.string().max(64),
  /** Of what sends the media: it encrypts RTP with it, and its RTCP. */
  mediaKey: z.string().max(256),
  /** Of what receives the media: it encrypts its RTCP with it, such as requests for key frames. */
  feedbackKey: z.string().max(256),
});
export type SrtpKeys = z.infer<typeof SrtpKeys>;

/** Body of `POST /v1/rooms/{room}/ingests`. */
export const CreateIngest = z.object({
  kind: z.literal("rtp"),
  tracks: z
    .array(
      z.object({
        source: Source,
        codec: RtpCodec,
        /** The port that its RTP is sent from, with `senderAddress`; RTCP comes from the next one. */
        senderPort: Port.optional(),
      }),
    )
    .min(1)
    .max(Source.options.length),
  /** By SRTP. Without it `senderAddress` must be given. */
  encrypted: z.boolean().default(true),
  /** Nothing is taken from elsewhere. Default: from whoever has the key. */
  senderAddress: IpAddress.optional(),
  /** As peers see it, and as bans name it. Default: one of its own. */
  identity: TicketIdentity.optional(),
  name: DisplayName.default(""),
  metadata: Metadata.default(""),
});
export type CreateIngest = z.infer<typeof CreateIngest>;

const IngestTrack = z.object({
  source: Source,
  codec: z.string().max(32),
  /** Where RTP is sent to, with this payload type and SSRC, and RTCP to `rtcpPort`. */
  address: z.string().max(256),
  port: z.int(),
  rtcpPort: z.int(),
  payloadType: z.int(),
  ssrc: z.int(),
});

export const Ingest = z.object({
  ingestId: MediaId,
  kind: z.string().max(32),
  /** The publisher that the room's peers see. */
  peerId: PeerId,
  encrypted: z.boolean(),
  createdAtMs: z.number(),
  /** When media came last; null: none has come yet. */
  mediaAtMs: z.number().nullable(),
  tracks: z.array(IngestTrack),
});
export type Ingest = z.infer<typeof Ingest>;

/** Answer of `POST /v1/rooms/{room}/ingests`: the only time that keys are shown. */
export const IngestWithKeys = Ingest.extend({
  tracks: z.array(IngestTrack.extend({ srtp: SrtpKeys.optional() })),
});
export type IngestWithKeys = z.infer<typeof IngestWithKeys>;

export const IngestList = z.object({ ingests: z.array(Ingest) });
export type IngestList = z.infer<typeof IngestList>;

/** Body of `POST /v1/rooms/{room}/egresses`. */
export const CreateEgress = z.object({
  kind: z.literal("rtp"),
  /** The media of this peer or publisher. Default: of the only one that sends, such as a broadcast's publisher. */
  peerId: PeerId.optional(),
  /** Default: all that it sends now. */
  sources: z.array(Source).min(1).max(Source.options.length).optional(),
  receiverAddress: IpAddress,
  /** The first track's RTP goes there, its RTCP to the next port, then the next track. */
  receiverPort: FirstPort,
  encrypted: z.boolean().default(true),
  /** Seconds after which it ends, whatever happens. */
  ttlS: z.int().min(1).max(EGRESS_TTL_MAX_S).default(EGRESS_TTL_MAX_S),
});
export type CreateEgress = z.infer<typeof CreateEgress>;

const EgressTrack = z.object({
  source: Source,
  kind: MediaKind,
  producerId: MediaId,
  port: z.int(),
  rtcpPort: z.int(),
  payloadType: z.int(),
  ssrc: z.int(),
});

export const Egress = z.object({
  egressId: MediaId,
  kind: z.string().max(32),
  peerId: PeerId,
  encrypted: z.boolean(),
  createdAtMs: z.number(),
  endsAtMs: z.number(),
  receiverAddress: z.string().max(64),
  tracks: z.array(EgressTrack),
});
export type Egress = z.infer<typeof Egress>;

/** Answer of `POST /v1/rooms/{room}/egresses`: the only time that SDP and keys are shown. */
export const EgressWithSdp = Egress.extend({
  tracks: z.array(
    EgressTrack.extend({
      /** For the receiver of this track alone (RFC 8866). */
      sdp: z.string(),
      srtp: SrtpKeys.optional(),
    }),
  ),
});
export type EgressWithSdp = z.infer<typeof EgressWithSdp>;

export const EgressList = z.object({ egresses: z.array(Egress) });
export type EgressList = z.infer<typeof EgressList>;

export const IngestPath = z.object({ room: RoomId, ingest: PeerId });
export const EgressPath = z.object({ room: RoomId, egress: PeerId });

const InRoom = z.object({ roomId: RoomId, epoch: Epoch });
const Nothing = z.object({});

/** Calls to a room's home. A node of an older build knows none of them. */
export const RTP_CALLS = {
  /** `debitId`: empty where the registry made none. */
  "rtp_ingest.open": {
    request: z.object({
      lease: Lease,
      options: RoomOptions,
      mutes: z.array(Mute),
      debitId: z.string().max(64),
      ingest: CreateIngest,
    }),
    reply: IngestWithKeys,
  },
  "rtp_ingest.list": { request: InRoom, reply: IngestList },
  "rtp_ingest.close": { request: InRoom.extend({ ingestId: MediaId }), reply: Nothing },
  "rtp_egress.open": { request: InRoom.extend({ egress: CreateEgress }), reply: EgressWithSdp },
  "rtp_egress.list": { request: InRoom, reply: EgressList },
  "rtp_egress.close": { request: InRoom.extend({ egressId: MediaId }), reply: Nothing },
} as const satisfies Record<string, { request: z.ZodType; reply: z.ZodType }>;

export type RtpCallName = keyof typeof RTP_CALLS;
