import { DEFAULT_CODEC_POLICY } from "@fairlead/protocol";
import { answerNodeCalls } from "../calls/answer-node-calls.ts";
import { answerRoomCalls } from "../calls/answer-room-calls.ts";
import { NodeHealth } from "../health/node-health.ts";
import { assembleHeartbeat, type HeartbeatParts } from "../heartbeat/assemble-heartbeat.ts";
import { assembleLeases, type LeaseParts } from "../lease/assemble-leases.ts";
import { relocateRoomsOf } from "../lease/relocate-rooms.ts";
import { isOwned } from "../ledger/is-owned.ts";
import { Ledger } from "../ledger/ledger.ts";
import { Surplus } from "../ledger/surplus.ts";
import { Joins } from "../rooms/joins.ts";
import { PeerSweep } from "../rooms/peer-sweep.ts";
import { Rooms } from "../rooms/rooms.ts";
import { Sessions } from "../session/sessions.ts";
import { iceServersFor } from "../turn/ice-servers.ts";
import { Core, type CoreOptions } from "../worker/core.ts";
import { countedInterfaces } from "../worker/counted-interfaces.ts";
import { CpuAllowance } from "../worker/cpu-allowance.ts";
import { EventLoop } from "../worker/event-loop.ts";
import { readHostNetwork } from "../worker/host-network.ts";
import { localAddresses } from "../worker/listen-addresses.ts";
import { NetworkMeter } from "../worker/network-meter.ts";
import { describeNode } from "./describe-node.ts";
import type { MediaNodeOptions } from "./media-node.ts";
import { identifyNode } from "./node-identity.ts";

const DEFAULT_GRACE_MS = 15_000;

export type NodeParts = Basis & ReturnType<typeof assembleService>;

/** The parts of a node, each told of the others what it needs. Nothing runs yet. */
export function assembleNode(options: MediaNodeOptions): NodeParts {
  const basis = assembleBasis(options);
  return { ...basis, ...assembleService(options, basis) };
}

type Basis = ReturnType<typeof assembleBasis>;

/** What it has, and what it and the registry tell each other of that. */
function assembleBasis(options: MediaNodeOptions) {
  const { bus, registry, now = Date.now, codecPolicy = DEFAULT_CODEC_POLICY } = options;
  const node = identifyNode(options);
  const { nodeId, incarnation, version } = node;
  const log = options.log.child({ node: nodeId, incarnation, version });
  const ledger = new Ledger();
  const allowance = new CpuAllowance();
  const loop = new EventLoop();
  const cores = openCores({ ...options, log }, ledger, {
    ...{ allowance, loop },
    onWorkerDied: (core) => {
      // First of all nobody else may be placed there.
      void heart.beat();
      void relocateRoomsOf(core, { ...shared, claims: leases.claims, beat: heart.beat });
    },
    onWorkerStarted: () => heart.heartbeats.isStarted && void heart.beat(),
  });
  const rooms: Rooms = new Rooms({
    ...{ bus, registry, log, now, incarnation, cores, codecPolicy },
    record: (roomId, patch) => leases.records.write(roomId, patch),
    iceServersFor: (user) => (options.turn ? iceServersFor(options.turn, user, now()) : []),
  });
  const listenAddresses = options.listenAddresses ?? localAddresses();
  const network = new NetworkMeter({
    ...{ capacityBps: node.capacity.networkBps, log },
    interfaces: () => options.networkInterfaces ?? countedInterfaces(listenAddresses, readHostNetwork()),
  });
  const shared = {
    ...{ node, nodeId, incarnation, bus, registry, log, now },
    ...{ cores, rooms, network },
  };
  const heart: HeartbeatParts = assembleHeartbeat({
    ...shared,
    state: () => leases.drain.state,
    onAnswered: () => void leases.records.catchUp(),
  });
  const leases: LeaseParts = assembleLeases({ ...shared, heart });
  const health = new NodeHealth({
    ...{ loop, bus, cores, heartbeats: heart.heartbeats },
    isDraining: () => leases.drain.state === "draining",
  });
  return { ...shared, allowance, loop, health, ledger, heart, leases };
}

/** What it does for peers, and answers to calls. */
function assembleService(options: MediaNodeOptions, basis: Basis) {
  const { cores, rooms, heart, leases, node, now } = basis;
  const { ticketKeys, sessionKeys, issuer } = options;
  ticketKeys.published?.onFailure((failure) => basis.log.warn("jwks.unreachable", failure));
  const { graceMs = DEFAULT_GRACE_MS, codecPolicy = DEFAULT_CODEC_POLICY } = options;
  const sessions = new Sessions(now);
  const joins = new Joins({
    ...{ rooms, sessions, cores, codecPolicy, graceMs, now },
    maxPeers: node.capacity.maxPeers,
    revalidation: heart.revalidation,
    beat: heart.beat,
    keys: { ticketKeys, sessionKeys, issuer },
    onArrival: (debitId) => heart.debits.noteArrival(debitId),
    onDeparture: (debitId) => heart.debits.noteDeparture(debitId),
    onRefusal: (debitId) => heart.debits.noteRefusal(debitId),
  });
  const owners = {
    roomIfHere: (roomId: string) => rooms.roomIfHere(roomId),
    webRtcServerId: (core: number) => cores[core]?.running?.webRtcServer.id,
  };
  const surplus = new Surplus({ ...basis, isOwned: (entry) => isOwned(entry, owners) });
  const { drain } = leases;
  const handlers = {
    ...answerRoomCalls({ rooms, sessions, joins, ...leases }, heart.revalidation),
    ...answerNodeCalls({ rooms, drain, surplus, describe: () => describeNode({ ...basis, joins, drain }) }),
  };
  return { sessions, surplus, handlers, peerSweep: new PeerSweep({ rooms, sessions, graceMs, now }) };
}

function openCores(
  options: MediaNodeOptions,
  ledger: Ledger,
  parts: Pick<CoreOptions, "allowance" | "loop" | "onWorkerDied" | "onWorkerStarted">,
): Core[] {
  const { log, now = Date.now, random = Math.random, workerBin } = options;
  const config = {
    workerBin,
    listenAddresses: options.listenAddresses ?? localAddresses(),
    rtcBasePort: options.rtcBasePort ?? null,
    rtcTcpBasePort: options.rtcTcpBasePort ?? null,
  };
  return Array.from(
    { length: options.cores ?? parts.allowance.defaultCores() },
    (_, index) => new Core({ index, config, ledger, log, now, random, ...parts }),
  );
}
