import { FairleadError, type JoinRequest, type OpenedSession } from "@fairlead/protocol";
import type { Caller } from "../http/caller.ts";
import type { SentFrame } from "./link-sink.ts";
import { openSession } from "./open-session.ts";
import type { LinkRegister } from "./session-link.ts";

/**
 * Opens a session for a client that is not connected: it has its grace time to come and resume it, and gets every event
 * then.
 *
 * @param isWanted Asked before each further try.
 * @throws {FairleadError} As `openSession`.
 */
export async function joinSession(
  caller: Caller,
  register: LinkRegister,
  join: JoinRequest,
  isWanted: () => boolean,
): Promise<OpenedSession> {
  let first: Extract<SentFrame, { type: "joined" }> | undefined;
  const link = await openSession(caller, register, join, {
    takesSeveral: false,
    isOpen: isWanted,
    onOver: () => {},
    send: (frame) => {
      if (frame.type === "joined") first ??= frame;
    },
  });
  link.close();
  if (!first) throw new FairleadError("internal", { message: "opened without an answer" });
  const { type: _, ...opened } = first;
  const { sessionId, roomId, peerId } = opened;
  caller.log.info("session.joined", { sessionId, roomId, peerId });
  return opened;
}
