import { type Bus, encodeJson, type NodeCallHandlers, serveNodeCalls } from "@fairlead/bus";
import {
  type ErrorCode,
  FairleadError,
  type JoinReply,
  type NodeCallName,
  type NodeCallRequest,
  type SessionMessage,
  subjects,
} from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";

type Session = { reply: JoinReply; joinId: string; identity: string };
export type Call = { name: NodeCallName; request: unknown };

/**
 * The media node's side of the protocol without media: keeps sessions, answers calls, and refuses what a test tells it to. It
 * beats once, so the registry's clock must stand still.
 */
export async function startScriptedNode(bus: Bus, registry: Registry, nodeId = "node-a") {
  const incarnation = `${nodeId}-run`;
  const sessions = new Map<string, Session>();
  const calls: Call[] = [];
  const refusals: { name: NodeCallName; code: ErrorCode }[] = [];
  const publish = (sessionId: string, message: SessionMessage) =>
    bus.publish(subjects.session(sessionId), encodeJson(message));

  const raise = (session: Session): JoinReply => {
    session.reply = { ...session.reply, connection: session.reply.connection + 1 };
    publish(session.reply.sessionId, { type: "attached", connection: session.reply.connection });
    return session.reply;
  };
  const find = (sessionId: string): Session => {
    const session = sessions.get(sessionId);
    if (!session) throw new FairleadError("session_gone");
    return session;
  };
  const handlers: NodeCallHandlers = {
    "room.join": (request) => {
      const known = [...sessions.values()].find(({ joinId }) => joinId === request.join.joinId);
      if (known) return raise(known);
      const reply = joinReplyOf(request);
      sessions.set(reply.sessionId, { reply, joinId: request.join.joinId, identity: "ann" });
      const position = `${reply.epoch}:1`;
      const event = { name: "snapshot.ended" as const, data: {} };
      publish(reply.sessionId, { type: "events", connection: 1, events: [{ position, event }] });
      return reply;
    },
    "session.attach": ({ sessionId }) => ({ connection: raise(find(sessionId)).connection }),
    "session.detach": () => ({}),
    "session.command": ({ sessionId, command }) => {
      find(sessionId);
      return { type: "reply", id: command.id, ok: true, data: { did: command.name } };
    },
    "session.ack": ({ sessionId }) => {
      find(sessionId);
      return {};
    },
    "room.describe": () => ({ peers: sessions.size, producers: 0, consumers: 0 }),
    "room.close": () => ({}),
    "room.peers": () => ({ peers: [] }),
    "peer.mute": () => ({}),
    "peer.remove": () => ({}),
    "peer.unban": () => ({}),
  };
  const scripted = Object.fromEntries(
    Object.entries(handlers).map(([name, handle]) => [
      name,
      (request: never, headers: never) => {
        calls.push({ name: name as NodeCallName, request });
        const index = refusals.findIndex((refusal) => refusal.name === name);
        const [refusal] = index < 0 ? [] : refusals.splice(index, 1);
        if (refusal) throw new FairleadError(refusal.code);
        return (handle as (request: never, headers: never) => unknown)(request, headers);
      },
    ]),
  ) as NodeCallHandlers;

  const served = serveNodeCalls(bus, incarnation, scripted, (error) => {
    throw error;
  });
  await registry.heartbeat(heartbeatOf(nodeId, incarnation));

  return {
    incarnation,
    calls,
    sessions,
    publish,
    callsTo: (name: NodeCallName) => calls.filter((call) => call.name === name),
    /** The next call of that name is refused; once for each time. */
    refuseNext: (name: NodeCallName, code: ErrorCode) => void refusals.push({ name, code }),
    /** As after SIGKILL: nobody listens any more. */
    kill: () => served.unsubscribe(),
  };
}

export type ScriptedNode = Awaited<ReturnType<typeof startScriptedNode>>;

function joinReplyOf({ sessionId, lease }: NodeCallRequest<"room.join">): JoinReply {
  const offer = { id: "transport", iceParameters: {}, iceCandidates: [], dtlsParameters: {} };
  return {
    ...{ sessionId, peerId: `peer-${sessionId}`, roomId: lease.roomId, epoch: lease.epoch, connection: 1 },
    position: `${lease.epoch}:0`,
    grants: { publish: [], subscribe: true, data: false, moderate: false },
    ...{ sendTransport: offer, receiveTransport: offer, iceServers: [], graceMs: 15_000 },
  };
}

function heartbeatOf(nodeId: string, incarnation: string) {
  const core = { cpuLoad: 0, rooms: 0, peers: 0, consumers: 0, usable: true };
  return {
    ...{ nodeId, incarnation, state: "ready" as const, busConnected: true, region: "", labels: [] },
    ...{ version: "0.1.0", networkLoad: 0, settledDebits: [], leases: [] },
    cores: [0, 1].map((index) => ({ core: index, ...core })),
  };
}
