import * as z from "zod";
import { CommandEnvelope } from "./commands.ts";
import { ErrorBody } from "./errors.ts";
import { NumberedEvent, Position, RoomEvent, Transient } from "./events.ts";
import { Epoch, RoomId } from "./ids.ts";
import { JoinReply, JoinRequest, Jwt, ResumeRequest } from "./join.ts";

/** One WebSocket text message is one frame, JSON, at most this long (UTF-16 units). */
export const FRAME_LIMIT = 65_536;

/**
 * Signaling closes a socket on which no frame came for this long; clients `ping` well before. Some time after a ping is due signaling
 * sends a `pong` that nobody asked for: a client whose timers hardly run, in a hidden tab, answers it.
 */
export const SOCKET_IDLE_MS = 30_000;
export const PING_INTERVAL_MS = 5_000;
/** The first frame must come within this time. */
export const JOIN_TIMEOUT_MS = 5_000;

/**
 * Acknowledges every event up to `position`. `resend`: the client saw a gap behind `position` and asks for what follows
 * it again.
 */
export const Acknowledgement = z.object({ position: Position, resend: z.boolean().default(false) });
export type Acknowledgement = z.infer<typeof Acknowledgement>;

/**
 * Proves that the client is there. `position` acknowledges every event up to it, as `ack` does, but may reach the node some seconds
 * later: only for a client whose `joined` or `resumed` says `acksByPing`.
 */
export const Ping = z.object({ type: z.literal("ping"), position: Position.optional() });

export const ClientFrame = z.discriminatedUnion("type", [
  JoinRequest.extend({ type: z.literal("join") }),
  ResumeRequest.extend({ type: z.literal("resume") }),
  CommandEnvelope.extend({ type: z.literal("command") }),
  Acknowledgement.extend({ type: z.literal("ack") }),
  Ping,
]);
export type ClientFrame = z.infer<typeof ClientFrame>;
export type ClientFrameInput = z.input<typeof ClientFrame>;

/**
 * So long the former place of a room that moved goes on with its media, unless all who were there have closed it. Absent: it is gone, or
 * nobody knows.
 */
export const OverlapMs = z.int().min(0).max(60_000);

/** A reply to the command with the same id. */
export const ReplyFrame = z.union([
  z.object({ type: z.literal("reply"), id: z.int(), ok: z.literal(true), data: z.unknown() }),
  z.object({ type: z.literal("reply"), id: z.int(), ok: z.literal(false), error: ErrorBody }),
]);
export type ReplyFrame = z.infer<typeof ReplyFrame>;

export const ServerFrame = z.union([
  JoinReply.extend({ type: z.literal("joined"), sessionTicket: Jwt }),
  z.object({
    type: z.literal("resumed"),
    sessionTicket: Jwt,
    connection: z.int().min(1),
    /** @see JoinReply */
    acksByPing: z.boolean().optional(),
  }),
  ReplyFrame,
  NumberedEvent.extend({ type: z.literal("event") }),
  /** Only to a client that takes them. `position` is that of the first; the others' count up from it. */
  z.object({ type: z.literal("events"), position: Position, events: z.array(RoomEvent) }),
  z.object({ type: z.literal("transient"), transient: Transient }),
  /** A fresh session ticket; the older one ends soon. */
  z.object({ type: z.literal("session_ticket"), sessionTicket: Jwt }),
  /** The room lives elsewhere now, under this epoch: the client sends `join` again, on this socket. */
  z.object({
    type: z.literal("moved"),
    roomId: RoomId,
    epoch: Epoch,
    overlapMs: OverlapMs.optional(),
  }),
  /**
   * A refusal of a join, a resume or a frame, or the end of the session. The socket closes with the code's close code, if it
   * has one; if not, it stays open for whatever comes next: another join, after `session_gone`.
   */
  z.object({ type: z.literal("error"), error: ErrorBody }),
  z.object({ type: z.literal("pong") }),
]);
export type ServerFrame = z.infer<typeof ServerFrame>;
