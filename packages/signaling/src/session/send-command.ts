import { callNode } from "@fairlead/bus";
import {
  COMMANDS,
  type CommandEnvelope,
  ERRORS,
  FairleadError,
  isSessionLost,
  type ReplyFrame,
  toErrorBody,
} from "@fairlead/protocol";
import type { SessionInput } from "@fairlead/tickets";
import type { Caller } from "../http/caller.ts";
import type { SignalingProcess } from "../signaling-process.ts";
import { pause } from "./pause.ts";

/** Whether an answer means that there is nothing left to come back to: neither the session nor its node. */
export function saysSessionLost(error: unknown): boolean {
  return error instanceof FairleadError && isSessionLost(error.code);
}

/**
 * Hands a command to its session's node and gives back the reply to send. A node that nobody can reach is asked again a few
 * times, since after a restart of the bus every node looks gone for a moment; it acts once on each id.
 *
 * @param isWanted Asked before each try; once false, the last failure stands.
 * @throws {FairleadError} Whatever leaves open if the command acted.
 */
export async function sendCommand(
  caller: Caller,
  session: SessionInput,
  command: CommandEnvelope,
  isWanted: () => boolean,
): Promise<ReplyFrame> {
  const refused = (error: FairleadError): ReplyFrame => ({
    type: "reply",
    id: command.id,
    ok: false,
    error: toErrorBody(error),
  });
  if (!Object.hasOwn(COMMANDS, command.name)) return refused(new FairleadError("unknown_command"));
  const { session: sessionId, epoch, connection, incarnation } = session;
  const request = { sessionId, epoch, connection, command };
  try {
    return await retryUnreachable(
      caller.shared,
      () => callNode(caller.bus, incarnation, "session.command", request),
      isWanted,
    );
  } catch (error) {
    // Of anything else the client can't know whether the command acted, or will: it sends it again.
    if (error instanceof FairleadError && ERRORS[error.code].ends === "command") return refused(error);
    throw error;
  }
}

/** While nodes are still coming back, ms. */
const SETTLING_RETRY_MS = 500;

/** Tries again while nobody listens under the node's incarnation. */
export async function retryUnreachable<T>(
  shared: SignalingProcess,
  attempt: () => Promise<T>,
  isWanted: () => boolean = () => true,
): Promise<T> {
  const { limits, busHistory } = shared;
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const isUnreachable = error instanceof FairleadError && error.code === "node_unreachable";
      const delayMs = limits.retryDelaysMs[tries] ?? (busHistory.isSettling ? SETTLING_RETRY_MS : null);
      if (!isUnreachable || delayMs === null || !isWanted()) throw error;
      await pause(shared, delayMs);
    }
  }
}
