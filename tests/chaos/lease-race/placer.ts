/**
 * One of several processes that place the same rooms at once, and command those that are theirs: `placer.ts`, with a `Task` as
 * JSON in PLACER_TASK. It speaks as signaling does, to the registry and to the nodes, and logs what it did in the end.
 */
import { callNode } from "@fairlead/bus";
import { connectNatsTcpBus } from "@fairlead/bus/nats-tcp";
import { FairleadError, type Lease, randomId } from "@fairlead/protocol";
import type { Placement } from "@fairlead/registry";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import { importKeySet, issueTicket, type Jwks } from "@fairlead/tickets";
import { joinFrame } from "../../support/protocol-client.ts";

export type Task = {
  redisUrl: string;
  nats: { servers: string[]; user: string; password: string };
  ticketKeys: Jwks;
  /** All rooms, and which of them this process commands. */
  rooms: string[];
  ownRooms: string[];
  /** How often it calls `place`. */
  places: number;
};

export type Report = { places: number; commands: number; refusals: Record<string, number> };

type Session = { lease: Lease; sessionId: string; connection: number; nextId: number };

/** Shorter than a node hangs in the test, so that what was asked meanwhile waits for it when it goes on. */
const CALL_TIMEOUT_MS = 400;
const LANES = 4;
const PAUSE_MS = 40;

const task: Task = JSON.parse(process.env.PLACER_TASK ?? "");
const registry = await connectRedisRegistry({ url: task.redisUrl });
const bus = await connectNatsTcpBus({ ...task.nats, inboxPrefix: "_INBOX_signaling" });
const ticketKeys = await importKeySet(task.ticketKeys);
const sessions = new Map<string, Session>();
const suspects = new Map<string, string>();
const busy = new Set<string>();
const report: Report = { places: 0, commands: 0, refusals: {} };

log("placer.ready", {});
await Promise.all(Array.from({ length: LANES }, runLane));
log("placer.done", report);
process.exit(0);

async function runLane(): Promise<void> {
  while (report.places < task.places) {
    const isOwn = Math.random() < 0.5;
    const rooms = isOwn ? task.ownRooms : task.rooms;
    const roomId = rooms[Math.floor(Math.random() * rooms.length)] ?? "";
    try {
      const placement = await place(roomId);
      // One lane at a time commands a room, so that its commands keep their order.
      if (isOwn && !busy.has(roomId)) await commandOnce(roomId, placement);
    } catch (error) {
      note(error);
      if (!(error instanceof FairleadError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function place(roomId: string): Promise<Placement> {
  report.places += 1;
  const suspect = suspects.get(roomId);
  suspects.delete(roomId);
  return registry.place({
    roomId,
    peer: { identity: `placer-${process.pid}`, ticketId: randomId() },
    suspect,
  });
}

async function commandOnce(roomId: string, placement: Placement): Promise<void> {
  const { lease } = placement;
  busy.add(roomId);
  try {
    const known = sessions.get(roomId);
    const isCurrent = known?.lease.epoch === lease.epoch && known.lease.incarnation === lease.incarnation;
    // To the old place too, as a client would that has not heard of the new one: it must not be accepted there.
    if (known && !isCurrent) void command(known).catch(note);
    const session = known && isCurrent ? known : await join(roomId, placement);
    sessions.set(roomId, session);
    await command(session);
  } catch (error) {
    suspects.set(roomId, lease.incarnation);
    if (error instanceof FairleadError && error.code === "session_gone") sessions.delete(roomId);
    throw error;
  } finally {
    busy.delete(roomId);
  }
}

async function join(roomId: string, { lease, debitId, room }: Placement): Promise<Session> {
  const grants = { publish: [], subscribe: true, data: false, moderate: false };
  const { ticket } = await issueTicket(ticketKeys, { room: roomId, identity: "ann", grants, ttlS: 600 });
  const { type: _, ...frame } = joinFrame({ ticket });
  const { options, mutes } = room;
  const request = { join: frame, sessionId: randomId(), lease, options, mutes, debitId };
  const { sessionId, connection } = await callNode(bus, lease.incarnation, "room.join", request, {
    timeoutMs: CALL_TIMEOUT_MS,
  });
  return { lease, sessionId, connection, nextId: 1 };
}

async function command(session: Session): Promise<void> {
  const { lease, sessionId, connection } = session;
  const id = session.nextId++;
  const envelope = { id, settledBelow: id, name: "producers.unsubscribe", data: { producerIds: ["none"] } };
  const request = { sessionId, epoch: lease.epoch, connection, command: envelope };
  await callNode(bus, lease.incarnation, "session.command", request, { timeoutMs: CALL_TIMEOUT_MS });
  report.commands += 1;
}

function note(error: unknown): void {
  const code = error instanceof FairleadError ? error.code : String(error);
  report.refusals[code] = (report.refusals[code] ?? 0) + 1;
}

function log(msg: string, fields: object): void {
  console.log(JSON.stringify({ time: Date.now(), msg, ...fields }));
}
