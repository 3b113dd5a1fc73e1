import * as z from "zod";
import { BATCH_LIMIT, CommandEnvelope } from "./commands.ts";
import { ErrorBody } from "./errors.ts";
import { Acknowledgement, FRAME_LIMIT, Ping, ReplyFrame } from "./frames.ts";
import { SessionId } from "./ids.ts";
import { JoinReply, Jwt } from "./join.ts";

// Apart from the API's bodies: a browser loads this file and none of those.

/** Of requests about sessions, whose frames are as long as on a WebSocket: up to 3 bytes of UTF-8 for each unit of UTF-16. */
export const SESSION_BODY_LIMIT_BYTES = 4 * FRAME_LIMIT;

/**
 * Sessions over HTTP, for networks that let no WebSocket through: the same frames as there. `JoinRequest` is the body of
 * `POST /v1/sessions`; the events follow as `ServerFrame`s on `GET /v1/sessions/{session}/events` (server-sent events).
 */
export const OpenedSession = JoinReply.extend({ sessionTicket: Jwt });
export type OpenedSession = z.infer<typeof OpenedSession>;

/** Body of `POST /v1/sessions/{session}/commands`: in order. A `ping` proves that the client is there. */
export const SessionFrames = z.object({
  frames: z
    .array(
      z.discriminatedUnion("type", [
        CommandEnvelope.extend({ type: z.literal("command") }),
        Acknowledgement.extend({ type: z.literal("ack") }),
        Ping,
      ]),
    )
    .min(1)
    .max(BATCH_LIMIT),
});
export type SessionFrames = z.infer<typeof SessionFrames>;

/** One reply to each command that was settled, one pong to each ping; an `error` ends the session. */
export const SessionReplies = z.object({
  frames: z
    .array(
      z.union([
        ReplyFrame,
        z.object({ type: z.literal("pong") }),
        z.object({ type: z.literal("error"), error: ErrorBody }),
      ]),
    )
    .max(BATCH_LIMIT + 1),
});
export type SessionReplies = z.infer<typeof SessionReplies>;

export const SessionPath = z.object({ session: SessionId });
