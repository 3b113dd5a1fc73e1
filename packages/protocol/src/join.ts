import * as z from "zod";
import { CapabilitiesVersion } from "./capabilities.ts";
import { FairleadError } from "./errors.ts";
import { Position } from "./events.ts";
import { Grants } from "./grants.ts";
import { Epoch, PeerId, RoomId, SessionId } from "./ids.ts";
import { IceServer, RtpCapabilities, TransportOffer } from "./media.ts";
import { ProtocolVersion } from "./version.ts";

/** A JWS in compact form (RFC 7515 § 7.1). That it is one is seen where it is verified, so that its refusal says `ticket_invalid`. */
export const Jwt = z.string().min(16).max(16_384);
export type Jwt = z.infer<typeof Jwt>;

/** The client understands a frame of several events (`events`). Absent: an older client, which gets each in a frame of its own. */
const TakesSeveral = z.boolean().optional();

/** A client that got more says this: its estimate grows from there within seconds. */
export const RECEIVED_BPS_MAX = 10_000_000;

/** The first frame of a new peer. */
export const JoinRequest = z.object({
  protocolVersion: ProtocolVersion,
  /** Made by the client, 128 random bits: a join sent again with the same id finds the session that the first one made. */
  joinId: z.string().min(8).max(64),
  ticket: Jwt,
  /**
   * The session ticket of the peer's last session, when its room moved or its node is gone. It proves that the peer was
   * admitted: an expired `ticket` with the same id still counts, and a `ticket` of the same identity in the same room gets the
   * peer id and the joining time of that session again. One that does not verify is ignored.
   */
  previousSession: Jwt.optional(),
  capabilitiesVersion: CapabilitiesVersion,
  rtpCapabilities: RtpCapabilities,
  /** True: a consumer for every producer, as they come. False: only for what `producers.subscribe` names. */
  autoSubscribe: z.boolean().default(true),
  takesSeveral: TakesSeveral,
  /**
   * What its media came to lately, bits/s, in its last session: the node's estimate of the bandwidth begins there, and not at what suits
   * anybody.
   */
  receivedBps: z.int().min(0).max(RECEIVED_BPS_MAX).optional(),
  /** The client says by `data_consumers.opened` when it hears a data producer. Absent: an older one, which does not. */
  confirmsData: z.boolean().optional(),
  /** The client builds its media at another place before it lets go of the former one. Absent: an older one, which can't. */
  overlaps: z.boolean().optional(),
});
export type JoinRequest = z.infer<typeof JoinRequest>;

/** A media node's answer to a join. Peers and producers follow as events, from `snapshot.started` on. */
export const JoinReply = z.object({
  sessionId: SessionId,
  peerId: PeerId,
  /** When the peer first joined, milliseconds since 1970: a `previousSession` keeps it. Absent: an older node's reply. */
  joinedAtMs: z.number().optional(),
  roomId: RoomId,
  epoch: Epoch,
  connection: z.int().min(1),
  /** Where the stream of events begins: the first one has the next sequence. */
  position: Position,
  grants: Grants,
  /** Absent: the peer is a viewer. */
  sendTransport: TransportOffer.optional(),
  receiveTransport: TransportOffer,
  iceServers: z.array(IceServer),
  /** How long the session outlives its last proof of life, ms. */
  graceMs: z.int().min(0),
  /**
   * Node and signaling take acknowledgements from the positions in pings, so a client need send others only for many events at once and
   * for gaps. Absent: one of them is an older build, and events that are not acknowledged within a second are sent again.
   */
  acksByPing: z.boolean().optional(),
  /** The node takes `data_consumers.opened` and answers `data_producer.await`. Absent: an older node, or behind older signaling. */
  confirmsData: z.boolean().optional(),
  // next build: reply of a join, schema
});
export type JoinReply = z.infer<typeof JoinReply>;

/** @throws {FairleadError} `grant_missing`: a viewer has none. */
export function sendTransportOf({ sendTransport }: Pick<JoinReply, "sendTransport">): TransportOffer {
  if (!sendTransport) throw new FairleadError("grant_missing", { message: "a viewer sends nothing" });
  return sendTransport;
}

/** The first frame of a peer that comes back to its session. */
export const ResumeRequest = z.object({
  protocolVersion: ProtocolVersion,
  sessionTicket: Jwt,
  /** The last event that the client applied. */
  position: Position,
  takesSeveral: TakesSeveral,
});
export type ResumeRequest = z.infer<typeof ResumeRequest>;
