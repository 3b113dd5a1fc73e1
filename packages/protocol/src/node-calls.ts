import * as z from "zod";
import { BroadcastCounts, BroadcastRecord } from "./broadcasts.ts";
import { CommandEnvelope } from "./commands.ts";
import { ErrorBody, ErrorCode } from "./errors.ts";
import { NumberedEvent, Position, Transient } from "./events.ts";
import { Acknowledgement, OverlapMs, ReplyFrame } from "./frames.ts";
import { Source } from "./grants.ts";
import { HLS_CALLS } from "./hls.ts";
import { PeerPage } from "./http.ts";
import { Epoch, Identity, Incarnation, NodeId, PeerId, RoomId, SessionId, TicketId } from "./ids.ts";
import { INGEST_CALLS } from "./ingests.ts";
import { JoinReply, JoinRequest } from "./join.ts";
import { RTP_CALLS } from "./plain-rtp.ts";
import { DrainedBy, Heartbeat, Lease, Load, Mute, NodeState, RoomOptions } from "./registry-records.ts";
import { SDP_CALLS } from "./sdp-sessions.ts";
import { SurplusPage } from "./surplus.ts";

const Nothing = z.object({});
const DrainCall = z.object({ by: DrainedBy.optional() });
const DrainReply = z.object({ state: NodeState, rooms: z.int(), by: DrainedBy.optional() });
/** Where signaling hears the events of this session with those of its others (`subjects.inbox`). Absent: an older build. */
const InboxId = SessionId.optional();
const Page = z.object({ cursor: z.string().max(128).optional() });
const InRoom = z.object({ roomId: RoomId, epoch: Epoch });
/** All that signaling needs to know of a room before it asks its node to admit a peer. */
const PlacedRoom = z.object({ lease: Lease, options: RoomOptions, mutes: z.array(Mute) });

/** Signaling's calls to one node over the bus: `name → { request, reply }`. */
export const NODE_CALLS = {
  // next build: calls to a node
  ...SDP_CALLS,
  ...INGEST_CALLS,
  ...HLS_CALLS,
  ...RTP_CALLS,
  "room.join": {
    request: z.object({
      join: JoinRequest,
      /** Chosen by signaling, which listens on the session's subject before it asks. */
      sessionId: SessionId,
      inbox: InboxId,
      // next build: request of a join, schema
      lease: Lease,
      options: RoomOptions,
      mutes: z.array(Mute),
      /** The debit that `place` made for this peer; the node settles it in a heartbeat. */
      debitId: z.string().max(64),
    }),
    reply: JoinReply,
  },
  /** A socket takes the session over; what was missed since `position` follows on the session's subject. */
  "session.attach": {
    request: z.object({ sessionId: SessionId, epoch: Epoch, position: Position, inbox: InboxId }),
    reply: z.object({ connection: z.int().min(1), acksByPing: z.boolean().optional() }),
  },
  /** The socket closed without a leave: the grace time begins now. */
  "session.detach": {
    request: z.object({
      sessionId: SessionId,
      connection: z.int(),
      /** The browser said that the page has gone, which is hardly ever followed by a resume. */
      isPageGone: z.boolean().optional(),
    }),
    reply: Nothing,
  },
  /** A leave over HTTP, which is no command of the session. Events that the client missed don't matter any more. */
  "session.leave": { request: z.object({ sessionId: SessionId, connection: z.int() }), reply: Nothing },
  "session.command": {
    request: z.object({ sessionId: SessionId, epoch: Epoch, connection: z.int(), command: CommandEnvelope }),
    reply: ReplyFrame,
  },
  "session.ack": {
    request: z.object({ sessionId: SessionId, connection: z.int(), ack: Acknowledgement }),
    reply: Nothing,
  },
  "room.describe": {
    request: InRoom,
    /** A node of the build before counts no viewers. */
    reply: z.object({ peers: z.int(), producers: z.int(), consumers: z.int(), viewers: z.int().optional() }),
  },
  /** They count from now on: who is in already stays. */
  "room.set_options": { request: InRoom.extend({ options: RoomOptions }), reply: Nothing },
  "room.close": { request: InRoom, reply: Nothing },
  "room.peers": { request: InRoom.extend(Page.shape), reply: PeerPage },
  /** Written into the room record too, before the answer. */
  "peer.mute": {
    request: InRoom.extend({ peerId: PeerId, source: Source, muted: z.boolean() }),
    reply: Nothing,
  },
  "peer.remove": {
    request: InRoom.extend({ peerId: PeerId, reason: z.string().max(256), ban: z.boolean().default(true) }),
    reply: Nothing,
  },
  /**
   * Keeps an identity out and removes every peer of it, in one turn: a peer on its way in meets the ban. So does a peer that comes
   * later with an older placement and opens the room. The record has the ban already, so it holds under every epoch of the room.
   */
  "peer.ban": { request: InRoom.extend({ identity: Identity }), reply: Nothing },
  /** Whether it was banned or not. The room record is the caller's to change, since a room need not run to have one. */
  "peer.unban": { request: z.object({ roomId: RoomId, identity: Identity }), reply: Nothing },
  /** `record`: as the home goes by it, whatever the registry knows; its keys' hashes are nobody's business. */
  "broadcast.describe": {
    request: InRoom,
    reply: BroadcastCounts.extend({ record: BroadcastRecord.omit({ keyHashes: true }) }),
  },
  /** The API has changed the broadcast's record: the home goes by it from now on. An ended one lets go of publisher and viewers. */
  "broadcast.update": { request: InRoom.extend({ record: BroadcastRecord }), reply: Nothing },
  /** Asked on `subjects.roomOwner`, when the registry is away. Refused with `banned` as far as the node knows. */
  "room.owner": {
    request: z.object({
      roomId: RoomId,
      peer: z.object({ identity: Identity, ticketId: TicketId }),
    }),
    reply: PlacedRoom,
  },
  /**
   * Asked of the rendezvous winner, when the registry is away and nobody serves the room. A node that reaches the registry asks
   * it; one that does not claims the room itself, and tells the registry later.
   */
  "room.claim": { request: z.object({ roomId: RoomId }), reply: PlacedRoom },
  /** Asked on `subjects.nodes`: every node answers. */
  "node.describe": {
    request: Nothing,
    reply: z.object({
      nodeId: NodeId,
      incarnation: Incarnation,
      state: NodeState,
      region: z.string(),
      labels: z.array(z.string()),
      /** Of its least-loaded core; null when none may take a room. */
      load: Load.nullable(),
      /** What its heartbeat says besides. Older builds leave it out. */
      advert: Heartbeat.pick({ version: true, networkLoad: true, capacity: true, cores: true }).optional(),
    }),
  },
  /** Proof that the node is reachable over the bus. */
  "node.ping": { request: Nothing, reply: Nothing },
  /** No new rooms from now on; those it has are handed to other nodes. @see `NodeState` */
  "node.drain": { request: DrainCall, reply: DrainReply },
  /** With `by`: only a drain that was asked for by that name. */
  "node.undrain": { request: DrainCall, reply: DrainReply },
  "node.surplus": { request: Page, reply: SurplusPage },
  /** `ids` absent: all that is surplus now. Those that are gone or have an owner are passed over. */
  "node.reclaim": {
    request: z.object({ ids: z.array(z.string().max(64)).max(1_000).optional() }),
    reply: z.object({ reclaimed: z.int() }),
  },
} as const satisfies Record<string, { request: z.ZodType; reply: z.ZodType }>;

export type NodeCallName = keyof typeof NODE_CALLS;
export type NodeCallInput<N extends NodeCallName> = z.input<(typeof NODE_CALLS)[N]["request"]>;
export type NodeCallRequest<N extends NodeCallName> = z.output<(typeof NODE_CALLS)[N]["request"]>;
export type NodeCallReply<N extends NodeCallName> = z.output<(typeof NODE_CALLS)[N]["reply"]>;

/** The envelope of a request on `subjects.nodeCall`. */
export const NodeCall = z.object({ name: z.string().max(64), data: z.unknown() });
export type NodeCall = z.infer<typeof NodeCall>;

/** The envelope of its answer: a refusal travels as data, so that every adapter hands it on alike. */
export const NodeAnswer = z.union([
  z.object({ ok: z.literal(true), data: z.unknown() }),
  z.object({ ok: z.literal(false), error: ErrorBody }),
]);
export type NodeAnswer = z.infer<typeof NodeAnswer>;

/** The last message: the session is gone from the node. */
const SessionEnded = z.object({
  type: z.literal("ended"),
  connection: z.int(),
  code: ErrorCode,
  message: z.string(),
  /** With `session_gone`: so long the session's media goes on, beside that of the next one. The client is told in the error's detail. */
  overlapMs: OverlapMs.optional(),
});

/**
 * A node's messages on `subjects.session`. Events and transients come here only to an older signaling process (`subjects.inbox`). `connection` is the session's current one: a socket that holds a lower
 * one has been replaced and closes.
 */
export const SessionMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("events"), connection: z.int(), events: z.array(NumberedEvent) }),
  z.object({ type: z.literal("transient"), connection: z.int(), transient: Transient }),
  /** A newer socket attached. */
  z.object({ type: z.literal("attached"), connection: z.int() }),
  SessionEnded,
]);
export type SessionMessage = z.infer<typeof SessionMessage>;

/**
 * A `SessionMessage` as signaling reads it. Signaling does not look into events, which it only forwards: a client may understand
 * more of a node's event than the signaling process between them, and parses it anyway.
 */
export const ForwardedMessage = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("events"),
    connection: z.int(),
    events: z.array(z.object({ position: Position, event: z.unknown() })),
  }),
  z.object({ type: z.literal("transient"), connection: z.int(), transient: z.unknown() }),
  z.object({ type: z.literal("attached"), connection: z.int() }),
  SessionEnded,
]);
export type ForwardedMessage = z.infer<typeof ForwardedMessage>;

/** A message on `subjects.roomControl`. */
export const RoomControl = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("moved"),
    lease: Lease,
    /** For people: builds of later versions have other words for it. */
    cause: z.string().max(64).optional(),
    overlapMs: OverlapMs.optional(),
  }),
  /**
   * A moderator or the API silenced somebody, and a former place of the room may linger: what it still forwards of that identity ends there
   * too. Nodes and signaling of the build before pass it over with a line in their logs, but its `live` ends: not for a broadcast's room.
   */
  z.object({
    type: z.literal("moderated"),
    roomId: RoomId,
    /** Of the room's present place. */
    epoch: Epoch,
    identity: Identity,
    /** What is muted; absent: the identity is removed. */
    source: Source.optional(),
  }),
]);
export type RoomControl = z.infer<typeof RoomControl>;

/** Signaling's message on `subjects.nodeSessions`, every few seconds. */
export const SessionsAlive = z.object({
  sessions: z
    .array(
      z.object({
        sessionId: SessionId,
        connection: z.int(),
        /** Acknowledges the events up to it. Only to nodes that said `acksByPing`: older ones pass it over. */
        position: Position.optional(),
      }),
    )
    .max(1_000),
});
export type SessionsAlive = z.infer<typeof SessionsAlive>;

/** How often signaling proves its sessions alive, ms. A node's grace time is several of these. */
export const SESSIONS_ALIVE_INTERVAL_MS = 3_000;
