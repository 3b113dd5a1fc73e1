import { type BusHeaders, decodeText, type Subscription, serveSubject } from "@fairlead/bus";
import { FairleadError, parseJson, SessionsAlive, subjects } from "@fairlead/protocol";
import { traceFields, traceNoter } from "../calls/trace-calls.ts";
import { listenToMoves } from "../lease/yield-rooms.ts";
import { BITRATE_SAMPLE_MS } from "../rooms/bitrate-watch.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { LOOP_TICK_MS } from "../worker/event-loop.ts";
import type { NodeParts } from "./assemble-node.ts";

const CHECK_MS = 500;
const SWEEP_MS = 500;
const NETWORK_MS = 1_000;
const SURPLUS_MS = 2_000;
const LEARN_MS = 1_000;
const BROADCASTS_MS = 1_000;
const LINGERING_MS = 1_000;
const RELIEF_MS = 1_000;
const RTP_MS = 1_000;

/** @returns Stops it: ends the sessions and says goodbye to the registry. */
export async function serveNode(parts: NodeParts): Promise<() => Promise<void>> {
  const { bus, incarnation, registry, rooms, heartbeat, leases, log } = parts;
  const subscriptions = subscribe(parts);
  const stopStatus = bus.onStatus((status) => {
    parts.peerSweep.forgiveSilence();
    if (status === "resumed") sendAgain(parts);
    else parts.metrics.count("bus.lost");
    heartbeat.revalidation.noteBusChange();
    // The registry waits only so long before it gives away the rooms of a node without a bus.
    void heartbeat.beat();
  });
  await bus.flush().catch((error) => log.warn("bus.flush_failed", { error }));
  await heartbeat.beat();
  heartbeat.heartbeats.beatRegularly();
  const timers = startTimers(parts);
  return async () => {
    for (const timer of timers) clearInterval(timer);
    for (const subscription of subscriptions) subscription.unsubscribe();
    stopStatus();
    leases.drain.stop();
    for (const room of rooms.all()) rooms.stop(room);
    rooms.lingering.close();
    heartbeat.lateNodes.stop();
    await heartbeat.heartbeats.stop();
    await registry.removeNode(incarnation).catch((error) => log.warn("node.goodbye_failed", { error }));
  };
}

function subscribe(parts: NodeParts): Subscription[] {
  const { bus, incarnation, handlers, log } = parts;
  const hooks = {
    onBug: (error: unknown, name: string, headers: BusHeaders) =>
      log.error("call.failed", { name, error, ...traceFields(headers) }),
  };
  const { "node.ping": ping, "node.describe": describe } = handlers;
  return [
    serveSubject(bus, subjects.nodeCall(incarnation), handlers, { ...hooks, beforeCall: traceNoter(log) }),
    serveSubject(bus, subjects.nodePing(incarnation), { "node.ping": ping }, hooks),
    serveSubject(bus, subjects.nodes, { "node.describe": describe }, hooks),
    bus.subscribe(subjects.nodeSessions(incarnation), ({ data }) => noteAlive(parts, data)),
    listenToMoves(parts),
  ];
}

/** What was sent lately may be lost. */
function sendAgain({ rooms }: NodeParts): void {
  for (const room of rooms.all()) for (const { session } of room.members()) session.sendAgain();
}

function startTimers(parts: NodeParts): NodeJS.Timeout[] {
  const { bus, cores, rooms, seating, peerSweep, network, allowance, loop, health, surplus, bitrates, now } =
    parts;
  return [
    setInterval(() => loop.tick(), LOOP_TICK_MS),
    setInterval(() => cores.map((core) => core.check()), CHECK_MS),
    setInterval(() => health.note(), CHECK_MS),
    setInterval(() => allowance.sample(now()), CHECK_MS),
    // While the bus is away no peer can prove that it lives.
    setInterval(() => bus.isConnected && peerSweep.sweep(), SWEEP_MS),
    setInterval(() => network.sample(now()), NETWORK_MS),
    setInterval(() => surplus.sweep(), SURPLUS_MS),
    setInterval(() => seating.learn(peersByCore(rooms)), LEARN_MS),
    setInterval(() => void bitrates.sample(), BITRATE_SAMPLE_MS),
    setInterval(() => void parts.broadcasts.tick(), BROADCASTS_MS),
    setInterval(() => void rooms.lingering.readRecords(), LINGERING_MS),
    setInterval(() => void parts.leases.relief.tick(), RELIEF_MS),
    setInterval(() => void parts.rtpIngests.sweep(), RTP_MS),
    setInterval(() => parts.rtpEgresses.sweep(), RTP_MS),
    // While the bus is away nobody can prove that its publisher is there.
    setInterval(() => bus.isConnected && parts.ingests.sweep(), BROADCASTS_MS),
  ];
}

/** Viewers cost as much as peers do. */
function peersByCore(rooms: Rooms): Map<number, number> {
  const counts = new Map<number, number>();
  for (const room of rooms.all())
    for (const { seat } of [...room.members(), ...room.viewers.values()])
      counts.set(seat.core, (counts.get(seat.core) ?? 0) + 1);
  return counts;
}

function noteAlive({ sessions, log }: NodeParts, data: Uint8Array): void {
  try {
    for (const { sessionId, connection, position } of parseJson(SessionsAlive, decodeText(data)).sessions) {
      sessions.peerIfHere(sessionId)?.peer.session.noteAlive(connection, position);
    }
  } catch (error) {
    if (!(error instanceof FairleadError)) throw error;
    log.warn("sessions_alive.invalid", { error });
  }
}
