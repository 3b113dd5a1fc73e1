import {
  COMMANDS,
  type CommandEnvelope,
  type CommandName,
  FairleadError,
  parse,
  type ReplyFrame,
  toErrorBody,
} from "@fairlead/protocol";
import type { PeerInRoom } from "../room/room.ts";
import type { CommandHandlers } from "./command-handlers.ts";
import { consumerCommands } from "./consumer-commands.ts";
import { dataCommands } from "./data-commands.ts";
import { moderationCommands } from "./moderation-commands.ts";
import { producerCommands } from "./producer-commands.ts";
import { sessionCommands } from "./session-commands.ts";
import { transportCommands } from "./transport-commands.ts";

const handlers: CommandHandlers = {
  // next build: handlers of commands
  ...transportCommands,
  ...producerCommands,
  ...consumerCommands,
  ...dataCommands,
  ...moderationCommands,
  ...sessionCommands,
};

/** A command's name, cut for messages and logs: a client may have made it up. */
export function shownName(name: string): string {
  return name.slice(0, 64);
}

/** Acts on one command of a peer. A refusal is a reply; a bug is logged, and a reply that says no more. */
export async function act(at: PeerInRoom, command: CommandEnvelope): Promise<ReplyFrame> {
  try {
    return { type: "reply", id: command.id, ok: true, data: await dispatch(at, command) };
  } catch (error) {
    const { roomId, log, deps } = at.room;
    const { peerId, budgets } = at.peer;
    const fields = { name: shownName(command.name), roomId, peerId };
    const isLimited = error instanceof FairleadError && error.code === "rate_limited";
    // Its name is a command's: no other gets as far.
    if (isLimited) deps.metrics.count("peer.rate_limited", command.name);
    if (!(error instanceof FairleadError)) log.error("command.failed", { ...fields, error });
    else if (isLimited && budgets.takeLogLine()) log.warn("peer.rate_limited", fields);
    return { type: "reply", id: command.id, ok: false, error: toErrorBody(error) };
  }
}

async function dispatch(at: PeerInRoom, { name, data }: CommandEnvelope): Promise<unknown> {
  if (!Object.hasOwn(COMMANDS, name))
    throw new FairleadError("unknown_command", { message: `no command "${shownName(name)}"` });
  if (at.peer.isClosed) throw new FairleadError("session_gone");
  const known = name as CommandName;
  const handle = handlers[known] as (at: PeerInRoom, request: unknown) => Promise<unknown>;
  return await handle(at, parse(COMMANDS[known].request, data));
}
