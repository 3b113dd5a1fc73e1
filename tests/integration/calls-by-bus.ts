import { callNode } from "@fairlead/bus";
import { type CommandName, type JoinReply, type ReplyFrame, randomId } from "@fairlead/protocol";
import type { Placement } from "@fairlead/registry";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { type JoinOptions, joinFrame } from "../support/protocol-client.ts";

/**
 * Asks the node over the bus, as signaling would, but with nobody in between that looks at the ticket.
 * @param placement What the registry answered; default: what it answers now.
 */
export async function askToJoin(
  { bus, registry }: MemoryCluster,
  room: string,
  options: JoinOptions,
  placement?: Pick<Placement, "lease" | "debitId" | "room">,
): Promise<JoinReply> {
  const { lease, debitId, room: record } = placement ?? (await registry.place({ roomId: room }));
  const { type: _, ...join } = joinFrame(options);
  const request = { join, sessionId: randomId(), lease, debitId, ...record };
  return callNode(bus, lease.incarnation, "room.join", request);
}

/** Sends a peer's command over the bus; every command before it must be settled or on its way. */
export async function commandByBus(
  { bus, node }: MemoryCluster,
  { sessionId, epoch, connection }: JoinReply,
  id: number,
  name: CommandName,
  data: unknown,
): Promise<ReplyFrame> {
  const command = { id, settledBelow: Math.max(1, id - 10), name, data };
  return callNode(bus, node.incarnation, "session.command", { sessionId, epoch, connection, command });
}
