import { callNode } from "@fairlead/bus";
import {
  type Acknowledgement,
  type CommandEnvelope,
  type ErrorCode,
  endsForGood,
  FairleadError,
  isSessionLost,
  type ReplyFrame,
  type SessionFrames,
  type SessionReplies,
  toErrorBody,
} from "@fairlead/protocol";
import type { SessionInput } from "@fairlead/tickets";
import type { Caller } from "../http/caller.ts";
import { leaveSession } from "./leave-session.ts";
import { proveAlive } from "./prove-alive.ts";
import { retryUnreachable, saysSessionLost, sendCommand } from "./send-command.ts";

type Frame = SessionFrames["frames"][number];
type Answer = SessionReplies["frames"][number];

/**
 * Hands a client's frames to its session's node, in order, and gathers the answers. Nothing of the session is known here but
 * its ticket's claims. A command that no node answered in time has no reply here either: the client sends it again.
 *
 * @param isWanted Asked before each try of what a node did not take.
 * @returns The answers in the order of the frames, then at most one `error`: the session is over for this client.
 * @throws {FairleadError} `bus_disconnected`, with nothing sent.
 */
export async function answerFrames(
  caller: Caller,
  session: SessionInput,
  frames: readonly Frame[],
  isWanted: () => boolean,
): Promise<Answer[]> {
  const position = lastPing(frames)?.position;
  proveAlive(caller.bus, session.incarnation, [{ ...session, position }]);
  const answers = (
    await Promise.all(frames.map((frame) => answer(caller, session, frame, isWanted)))
  ).flatMap((given) => given ?? []);
  const over = answers.find(({ type }) => type === "error");
  return [...answers.filter(({ type }) => type !== "error"), ...(over ? [over] : [])];
}

function lastPing(frames: readonly Frame[]) {
  return frames.filter((frame) => frame.type === "ping").at(-1);
}

/** @returns null where there is nothing to say, or nothing known. */
async function answer(
  caller: Caller,
  session: SessionInput,
  frame: Frame,
  isWanted: () => boolean,
): Promise<Answer | null> {
  try {
    if (frame.type === "ping") return { type: "pong" };
    if (frame.type === "command") return await act(caller, session, frame, isWanted);
    await acknowledge(caller, session, frame, isWanted);
    return null;
  } catch (error) {
    if (saysSessionLost(error)) return over("session_gone");
    if (error instanceof FairleadError && endsForGood(error.code)) return over(error.code);
    const isExpected = error instanceof FairleadError && error.code !== "internal";
    caller.log[isExpected ? "debug" : "error"]("session.frame_failed", {
      sessionId: session.session,
      roomId: session.room,
      type: frame.type,
      error,
    });
    return null;
  }
}

async function act(
  caller: Caller,
  session: SessionInput,
  command: CommandEnvelope,
  isWanted: () => boolean,
): Promise<Answer> {
  if (command.name === "session.leave") {
    // As a call of its own it also ends the stream of events, wherever that is.
    await leaveSession(caller, session);
    return { type: "reply", id: command.id, ok: true, data: {} };
  }
  const reply: ReplyFrame = await sendCommand(caller, session, command, isWanted);
  return !reply.ok && isSessionLost(reply.error.code) ? over("session_gone") : reply;
}

async function acknowledge(
  caller: Caller,
  { session, incarnation, connection }: SessionInput,
  { position, resend }: Acknowledgement,
  isWanted: () => boolean,
): Promise<void> {
  const request = { sessionId: session, connection, ack: { position, resend } };
  const send = () => callNode(caller.bus, incarnation, "session.ack", request);
  await retryUnreachable(caller.shared, send, isWanted);
}

function over(code: ErrorCode): Answer {
  return { type: "error", error: toErrorBody(new FairleadError(code)) };
}
