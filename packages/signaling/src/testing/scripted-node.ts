import { type Bus, type NodeCallHandlers, serveSubject } from "@fairlead/bus";
import {
  type ErrorCode,
  FairleadError,
  type Heartbeat,
  type NodeCallName,
  type NodeCallReply,
  type NodeCallRequest,
  type RtpCallName,
  type SessionMessage,
  subjects,
} from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import { answerSdpCalls, type SdpCall } from "./scripted-broadcasts.ts";
import { ScriptedRooms } from "./scripted-rooms.ts";
import { answerRtpCalls } from "./scripted-rtp.ts";
import { ScriptedSessions } from "./scripted-sessions.ts";

export type Call = { name: NodeCallName; request: unknown };

export type ScriptedNode = {
  incarnation: string;
  /** Every call, in order, the refused ones too. */
  calls: Call[];
  publish(sessionId: string, message: SessionMessage): void;
  callsTo(name: NodeCallName): Call[];
  /** The next call of that name is refused; once for each time. */
  refuseNext(name: NodeCallName, code: ErrorCode): void;
  /** The next call of that name is never answered. @returns Its request, once it came. */
  hangNext<N extends NodeCallName>(name: N): Promise<NodeCallRequest<N>>;
  /** Answers calls of that name otherwise from now on. */
  answer<N extends NodeCallName>(name: N, handle: NodeCallHandlers[N]): void;
  /** Tells the registry that it lives. */
  beat(): Promise<unknown>;
  /** As after SIGKILL: nobody listens any more. */
  kill(): void;
};

type Described = NodeCallReply<"node.describe">;
export type ScriptedNodeOptions = Partial<Omit<Described, "incarnation">>;

type Refusal = { name: NodeCallName; code: ErrorCode };

/**
 * The media node's side of the protocol without media: keeps sessions, answers calls, and refuses what a test tells it to. It
 * beats once, so the registry's clock must stand still, or the test calls `beat`.
 */
export async function startScriptedNode(
  bus: Bus,
  registry: Pick<Registry, "heartbeat">,
  options: ScriptedNodeOptions = {},
): Promise<ScriptedNode> {
  const { nodeId = "node-a", state = "ready", region = "", labels = [], load = 0 } = options;
  const incarnation = `${nodeId}-run`;
  const described = { nodeId, incarnation, state, region, labels, load };
  const sessions = new ScriptedSessions(bus);
  const rooms = new ScriptedRooms({ nodeId, incarnation }, (subject) => serve(subject));
  const calls: Call[] = [];
  const refusals: Refusal[] = [];
  const answers: NodeCallHandlers = {
    ...answersOf(described, sessions),
    ...roomAnswers(rooms, sessions),
    ...answerSdpCalls(rooms),
    "hls.view": () => refuseUnknown(),
    "hls.package": () => refuseUnknown(),
    "hls.prove": () => refuseUnknown(),
    "hls.leave": () => refuseUnknown(),
    ...answerRtpCalls(rooms),
  };
  const beforeCall = (name: NodeCallName, request: unknown) => {
    calls.push({ name, request });
    refuse(name, refusals);
  };
  const serve = (subject: string) => serveSubject(bus, subject, answers, { onBug: rethrow, beforeCall });
  const served = [serve(subjects.nodeCall(incarnation)), serve(subjects.nodes)];
  const beat = () => registry.heartbeat(heartbeatOf(described));
  await beat();
  return {
    incarnation,
    calls,
    publish: (sessionId, message) => sessions.publish(sessionId, message),
    callsTo: (name) => calls.filter((call) => call.name === name),
    refuseNext: (name, code) => void refusals.push({ name, code }),
    hangNext: (name) => {
      const { promise, resolve } = Promise.withResolvers<NodeCallRequest<typeof name>>();
      const usual = answers[name];
      const hang = (request: NodeCallRequest<typeof name>) => {
        answers[name] = usual;
        resolve(request);
        return new Promise<never>(() => {});
      };
      answers[name] = hang as unknown as typeof usual;
      return promise;
    },
    answer: (name, handle) => {
      answers[name] = handle;
    },
    beat,
    kill: () => {
      for (const subscription of served) subscription.unsubscribe();
      rooms.close();
    },
  };
}

/** @throws {FairleadError} `unknown_command`. */
function refuseUnknown(): never {
  throw new FairleadError("unknown_command");
}

type RoomCall = Extract<keyof NodeCallHandlers, `room.${string}`>;

function roomAnswers(rooms: ScriptedRooms, sessions: ScriptedSessions): Pick<NodeCallHandlers, RoomCall> {
  return {
    "room.join": (request) => {
      rooms.open(request);
      return sessions.join(request);
    },
    "room.owner": ({ roomId }) => rooms.find(roomId),
    "room.claim": ({ roomId }) => rooms.claim(roomId),
    "room.describe": () => ({ peers: sessions.size, producers: 0, consumers: 0 }),
    "room.set_options": () => ({}),
    "room.close": () => ({}),
    "room.peers": () => ({ peers: [] }),
  };
}

function answersOf(
  described: Described,
  sessions: ScriptedSessions,
): Omit<NodeCallHandlers, RoomCall | SdpCall | RtpCallName | `hls.${string}`> {
  return {
    "session.attach": ({ sessionId }) => sessions.attach(sessionId),
    "session.detach": () => ({}),
    "session.leave": ({ sessionId, connection }) => {
      sessions.leave(sessionId, connection);
      return {};
    },
    "session.command": ({ sessionId, connection, command }) => {
      sessions.assertHere(sessionId, connection);
      return { type: "reply", id: command.id, ok: true, data: { did: command.name } };
    },
    "session.ack": ({ sessionId, connection }) => {
      sessions.assertHere(sessionId, connection);
      return {};
    },
    "peer.mute": () => ({}),
    "peer.remove": () => ({}),
    "peer.ban": () => ({}),
    "peer.unban": () => ({}),
    "ingest.open": refuseBroadcasts,
    "ingest.connect": refuseBroadcasts,
    "ingest.prove": refuseBroadcasts,
    "ingest.close": refuseBroadcasts,
    "broadcast.describe": refuseBroadcasts,
    "broadcast.update": refuseBroadcasts,
    "node.describe": () => described,
    "node.ping": () => ({}),
    "node.drain": () => ({ state: "draining", rooms: 0 }),
    "node.undrain": () => ({ state: "ready", rooms: 0 }),
    "node.surplus": () => ({ surplus: [] }),
    "node.reclaim": () => ({ reclaimed: 0 }),
  };
}

function refuseBroadcasts(): never {
  throw new FairleadError("broadcast_not_found");
}

function refuse(name: NodeCallName, refusals: Refusal[]): void {
  const index = refusals.findIndex((refusal) => refusal.name === name);
  const [refusal] = index < 0 ? [] : refusals.splice(index, 1);
  if (refusal) throw new FairleadError(refusal.code);
}

function rethrow(error: unknown): never {
  throw error;
}

function heartbeatOf({ nodeId, incarnation, state, region, labels }: Described): Heartbeat {
  const core = { cpuLoad: 0, rooms: 0, peers: 0, consumers: 0, usable: true };
  return {
    nodeId,
    incarnation,
    state,
    busConnected: true,
    region,
    labels,
    version: "0.1.0",
    networkLoad: 0,
    settledDebits: [],
    observedCosts: [],
    suspects: [],
    capacity: { maxPeers: null, networkBps: 1_000_000_000 },
    leases: { count: 0, epochSum: 0, named: [] },
    cores: [0, 1].map((index) => ({ core: index, ...core })),
  };
}
