import { callNode } from "@fairlead/bus";
import { FairleadError, type NodeCallInput, type NodeCallReply } from "@fairlead/protocol";
import type { Caller } from "../http/caller.ts";

type OpenCall = "whip.open" | "whep.open";

export type OpenedSdpSession = NodeCallReply<OpenCall> & { broadcastId: string; incarnation: string };

/** `bearer`: as the node keeps it, SHA-256 of the token that the session is opened with. `isWanted`: whether anybody still waits for it. */
export type Opener = { bearer: string | null; isWanted: () => boolean };

/** Placed anew after that: the claim of a node that does not open the room lapses within 5 s. */
const OLDER_RETRY_MS = 2_000;

/**
 * Has a node open a WHIP or WHEP session. If whoever asked has gone meanwhile, the session is closed again.
 *
 * @throws {FairleadError} The node's refusal; `core_full` also where the node's build knows no broadcasts.
 */
export async function openAtNode<N extends OpenCall>(
  { bus, log }: Caller,
  name: N,
  request: NodeCallInput<N>,
  { bearer, isWanted }: Opener,
): Promise<OpenedSdpSession> {
  const { incarnation, roomId } = request.lease;
  const opened = await callNode(bus, incarnation, name, request).catch(asFullIfOlder);
  log.info(name === "whip.open" ? "whip.opened" : "whep.opened", { roomId, incarnation });
  if (!isWanted()) {
    const { sessionId } = opened;
    await callNode(bus, incarnation, "sdp_session.close", { roomId, sessionId, bearer }).catch(() => {});
  }
  return { ...opened, broadcastId: roomId, incarnation };
}

/** @throws {FairleadError} The refusal; `core_full` where a build knows no such call. */
export function asFullIfOlder(error: unknown): never {
  const isOlder = error instanceof FairleadError && error.code === "unknown_command";
  throw isOlder ? new FairleadError("core_full", { retryAfterMs: OLDER_RETRY_MS, cause: error }) : error;
}
