import { type Bus, type NodeCallHandlers, serveNodeCalls } from "@fairlead/bus";
import {
  type ErrorCode,
  FairleadError,
  type Heartbeat,
  type NodeCallName,
  type SessionMessage,
} from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
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
  /** As after SIGKILL: nobody listens any more. */
  kill(): void;
};

type Refusal = { name: NodeCallName; code: ErrorCode };

/**
 * The media node's side of the protocol without media: keeps sessions, answers calls, and refuses what a test tells it to. It
 * beats once, so the registry's clock must stand still.
 */
export async function startScriptedNode(
  bus: Bus,
  registry: Registry,
  nodeId = "node-a",
): Promise<ScriptedNode> {
  const incarnation = `${nodeId}-run`;
  const sessions = new ScriptedSessions(bus);
  const calls: Call[] = [];
  const refusals: Refusal[] = [];
  const handlers = scripted(handlersOf(nodeId, incarnation, sessions), calls, refusals);
  const served = serveNodeCalls(bus, incarnation, handlers, (error) => {
    throw error;
  });
  await registry.heartbeat(heartbeatOf(nodeId, incarnation));
  return {
    incarnation,
    calls,
    publish: (sessionId, message) => sessions.publish(sessionId, message),
    callsTo: (name) => calls.filter((call) => call.name === name),
    refuseNext: (name, code) => void refusals.push({ name, code }),
    kill: () => served.unsubscribe(),
  };
}

function handlersOf(nodeId: string, incarnation: string, sessions: ScriptedSessions): NodeCallHandlers {
  return {
    "room.join": (request) => sessions.join(request),
    "session.attach": ({ sessionId }) => sessions.attach(sessionId),
    "session.detach": () => ({}),
    "session.command": ({ sessionId, command }) => {
      sessions.assertHere(sessionId);
      return { type: "reply", id: command.id, ok: true, data: { did: command.name } };
    },
    "session.ack": ({ sessionId }) => {
      sessions.assertHere(sessionId);
      return {};
    },
    "room.describe": () => ({ peers: sessions.size, producers: 0, consumers: 0 }),
    "room.close": () => ({}),
    "room.peers": () => ({ peers: [] }),
    "peer.mute": () => ({}),
    "peer.remove": () => ({}),
    "peer.unban": () => ({}),
    "room.owner": () => {
      throw new FairleadError("unknown_command");
    },
    "room.claim": () => {
      throw new FairleadError("unknown_command");
    },
    "node.describe": () => ({ nodeId, incarnation, state: "ready", region: "", labels: [], load: 0 }),
    "node.ping": () => ({}),
    "node.drain": () => ({ state: "draining", rooms: 0 }),
    "node.undrain": () => ({ state: "ready", rooms: 0 }),
    "node.surplus": () => ({ surplus: [] }),
    "node.reclaim": () => ({ reclaimed: 0 }),
  };
}

/** Notes every call in `calls`, and refuses those that `refusals` names. */
function scripted(handlers: NodeCallHandlers, calls: Call[], refusals: Refusal[]): NodeCallHandlers {
  const wrap = ([name, handle]: [string, (...call: never[]) => unknown]) => {
    const answer = (request: never, headers: never) => {
      calls.push({ name: name as NodeCallName, request });
      const index = refusals.findIndex((refusal) => refusal.name === name);
      const [refusal] = index < 0 ? [] : refusals.splice(index, 1);
      if (refusal) throw new FairleadError(refusal.code);
      return handle(request, headers);
    };
    return [name, answer];
  };
  return Object.fromEntries(Object.entries(handlers).map(wrap)) as NodeCallHandlers;
}

function heartbeatOf(nodeId: string, incarnation: string): Heartbeat {
  const core = { cpuLoad: 0, rooms: 0, peers: 0, consumers: 0, usable: true };
  return {
    ...{ nodeId, incarnation, state: "ready" as const, busConnected: true, region: "", labels: [] },
    ...{ version: "0.1.0", networkLoad: 0, settledDebits: [], observedCosts: [], suspects: [] },
    capacity: { maxPeers: null, networkBps: 1_000_000_000 },
    leases: { count: 0, epochSum: 0, named: [], isComplete: false },
    cores: [0, 1].map((index) => ({ core: index, ...core })),
  };
}
