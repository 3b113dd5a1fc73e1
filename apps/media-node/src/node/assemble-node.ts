import { Ledger, Surplus } from "@fairlead/mediasoup-worker/ledger";
import { DEFAULT_CODEC_POLICY, FairleadError, type Lease } from "@fairlead/protocol";
import { noMetrics } from "@fairlead/telemetry";
import { Broadcasts } from "../broadcast/broadcasts.ts";
import { Ingests } from "../broadcast/ingests.ts";
import { answerBroadcastCalls } from "../calls/answer-broadcast-calls.ts";
import { answerNodeCalls } from "../calls/answer-node-calls.ts";
import { answerRoomCalls } from "../calls/answer-room-calls.ts";
import { answerRtpCalls } from "../calls/answer-rtp-calls.ts";
import { NodeHealth } from "../health/node-health.ts";
import { assembleHeartbeat, type HeartbeatParts } from "../heartbeat/assemble-heartbeat.ts";
import { createHooks } from "../hooks/create-hooks.ts";
import { noHooks } from "../hooks/hooks.ts";
import { assembleLeases, type LeaseParts } from "../lease/assemble-leases.ts";
import { Readiness } from "../lease/readiness.ts";
import { relocateRoomsOf } from "../lease/relocate-rooms.ts";
import { RoomRecords } from "../lease/room-records.ts";
import { isOwned } from "../ledger/is-owned.ts";
import { RtpEgresses } from "../plain/rtp-egresses.ts";
import { RtpIngests } from "../plain/rtp-ingests.ts";
import { RtpReach } from "../plain/rtp-reach.ts";
import { DEFAULT_BUDGETS } from "../room/peer-budgets.ts";
import { LOOPBACK, type PipeReach } from "../room/pipe-end.ts";
import type { Room } from "../room/room.ts";
import { SpentBudgets } from "../room/spent-budgets.ts";
import { BitrateWatch } from "../rooms/bitrate-watch.ts";
import { Joins } from "../rooms/joins.ts";
import { PeerSweep } from "../rooms/peer-sweep.ts";
import { Rooms } from "../rooms/rooms.ts";
import { DEFAULT_HOME_LOAD, Seating } from "../rooms/seating.ts";
import { SdpSessions } from "../sdp/sdp-sessions.ts";
import { Sessions } from "../session/sessions.ts";
import { iceServersFor } from "../turn/ice-servers.ts";
import { Core, type CoreOptions } from "../worker/core.ts";
import { countedInterfaces } from "../worker/counted-interfaces.ts";
import { CpuAllowance } from "../worker/cpu-allowance.ts";
import { EventLoop } from "../worker/event-loop.ts";
import { readHostNetwork } from "../worker/host-network.ts";
import { type ListenAddress, localAddresses } from "../worker/listen-addresses.ts";
import { NetworkMeter } from "../worker/network-meter.ts";
import { describeNode } from "./describe-node.ts";
import type { MediaNodeOptions } from "./media-node-options.ts";
import { identifyNode } from "./node-identity.ts";

const DEFAULT_GRACE_MS = 15_000;

export type NodeParts = ReturnType<typeof assembleNode>;

/** The parts of a node, each made after those that it needs. Nothing runs yet. */
export function assembleNode(options: MediaNodeOptions) {
  const basis = assembleBasis(options);
  const { cores, records } = basis;
  const onAnswered = () => void records.catchUp();
  const onRecordLost = (roomId: string) => {
    const room = basis.rooms.roomIfHere(roomId);
    if (room) records.restore(room);
  };
  const heartbeat = assembleHeartbeat({ ...basis, onAnswered, onRecordLost });
  const leases = assembleLeases({ ...basis, heartbeat, busyLoad: options.busyLoad });
  const service = assembleService(options, { ...basis, heartbeat, leases });
  const watcher = {
    onWorkerDied: (core: Core) => {
      // The registry must know first, so that it places no other room there.
      void heartbeat.beat();
      void relocateRoomsOf(core, { ...basis, ...heartbeat, claims: leases.claims });
    },
    onWorkerStarted: () => heartbeat.heartbeats.isStarted && void heartbeat.beat(),
  };
  for (const core of cores) core.watch(watcher);
  const health = new NodeHealth({
    ...basis,
    heartbeats: heartbeat.heartbeats,
    isDraining: () => basis.readiness.state === "draining",
  });
  return { ...basis, ...service, heartbeat, leases, health };
}

type Basis = ReturnType<typeof assembleBasis>;

/** The node's identity and its resources. */
function assembleBasis(options: MediaNodeOptions) {
  const { bus, registry, now = Date.now, codecPolicy = DEFAULT_CODEC_POLICY, metrics = noMetrics } = options;
  const node = identifyNode(options);
  const { nodeId, incarnation, version } = node;
  const log = options.log.child({ node: nodeId, incarnation, version });
  const ledger = new Ledger();
  const allowance = new CpuAllowance();
  const loop = new EventLoop();
  const cores = openCores({ ...options, log }, ledger, { allowance, loop, metrics });
  const records = new RoomRecords(registry, log);
  const budgets = new SpentBudgets({ ...DEFAULT_BUDGETS, ...options.budgets }, now);
  const rooms = new Rooms({
    bus,
    registry,
    log,
    metrics,
    now,
    incarnation,
    cores,
    codecPolicy,
    record: (roomId, patch) => records.write(roomId, patch),
    budgets,
    pipeReach: pipeReachOf(options),
    iceServersFor: (user) => (options.turn ? iceServersFor(options.turn, user, now()) : []),
  });
  const network = new NetworkMeter({
    capacityBps: node.capacity.networkBps,
    log,
    interfaces: () =>
      options.networkInterfaces ?? countedInterfaces(listenAddressesOf(options), readHostNetwork()),
  });
  const readiness = new Readiness();
  const hooks = options.hooks ? createHooks({ ...options.hooks, log, metrics, now }) : noHooks;
  const own = { node, nodeId, incarnation, ledger, allowance, loop, budgets, metrics };
  return { ...own, cores, records, rooms, network, readiness, hooks, bus, registry, log, now };
}

/** The parts that serve peers and answer calls. */
function assembleService(
  options: MediaNodeOptions,
  parts: Basis & { heartbeat: HeartbeatParts; leases: LeaseParts },
) {
  const { cores, rooms, records, heartbeat, leases, node, hooks, now } = parts;
  const { ticketKeys, sessionKeys, issuer } = options;
  ticketKeys.published?.onFailure((failure) => parts.log.warn("jwks.unreachable", failure));
  const keys = { ticketKeys, sessionKeys, issuer };
  const { graceMs = DEFAULT_GRACE_MS, codecPolicy = DEFAULT_CODEC_POLICY } = options;
  const sessions = new Sessions(now);
  const { homeLoad = DEFAULT_HOME_LOAD, chooseCore } = options;
  const seating = new Seating({ cores, homeLoad, now, chooseCore });
  const pipeReach = { ...pipeReachOf(options), ...(options.pipeIp ? { publicIp: options.pipeIp } : {}) };
  const { registry, log } = parts;
  const broadcasts = new Broadcasts({ rooms, registry, hooks, log, packagerReach: pipeReach });
  const sdpSessions = new SdpSessions();
  const ingests = new Ingests();
  const clocks = { now, elapsed: () => performance.now() };
  const rtp = { rtpIngests: new RtpIngests(clocks), rtpEgresses: new RtpEgresses(clocks) };
  const onRefusal = (debitId: string) => heartbeat.debits.noteRefusal(debitId);
  const joins = new Joins({
    rooms,
    broadcasts,
    hooks,
    budgets: parts.budgets,
    sessions,
    seating,
    codecPolicy,
    graceMs,
    now,
    maxPeers: node.capacity.maxPeers,
    revalidation: heartbeat.revalidation,
    untilTold: heartbeat.untilTold,
    keys,
    onArrival: heartbeat.noteArrival,
    onDeparture: (debitId) => heartbeat.debits.noteDeparture(debitId),
    onRefusal,
  });
  const owners = {
    roomsOf: (roomId: string) => [rooms.roomIfHere(roomId) ?? [], rooms.lingering.of(roomId)].flat(),
    webRtcServerId: (core: number) => cores[core]?.running?.webRtcServer.id,
  };
  const surplus = new Surplus({ ...parts, isOwned: (entry) => isOwned(entry, owners) });
  const { drain, claims } = leases;
  const describe = () => describeNode({ ...parts, joins, drain });
  const admission = {
    arrivals: {
      note: ({ debitId, lease, core }: { debitId: string; lease: Lease; core: number }) =>
        heartbeat.noteArrival(debitId, { roomId: lease.roomId, core: core === lease.core ? null : core }),
      noteGone: (debitId: string) => heartbeat.debits.noteDeparture(debitId),
    },
    confirm: async (room: Room) => {
      await heartbeat.revalidation.confirm();
      if (!rooms.isHere(room)) throw new FairleadError("lease_lost");
    },
    revalidation: heartbeat.revalidation,
    onRefusal,
  };
  const handlers = {
    ...answerRoomCalls({ rooms, sessions, joins, claims, records }, heartbeat.revalidation),
    ...answerBroadcastCalls({
      ...parts,
      joins,
      seating,
      broadcasts,
      hooks,
      keys,
      sessions: sdpSessions,
      ingests,
      pipeReach,
      ...admission,
    }),
    ...answerRtpCalls({
      ...{ rooms, joins, seating, broadcasts },
      ...rtp,
      ...admission,
      rtpReach: new RtpReach(options.rtp ?? {}, () => listenAddressesOf(options)),
    }),
    ...answerNodeCalls({ rooms, drain, surplus, describe }),
  };
  const peerSweep = new PeerSweep({ rooms, sessions, graceMs, now });
  return {
    sessions,
    surplus,
    seating,
    broadcasts,
    ingests,
    ...rtp,
    handlers,
    peerSweep,
    bitrates: new BitrateWatch(rooms, now),
  };
}

function pipeReachOf({ pipePorts }: MediaNodeOptions): PipeReach {
  return { ...LOOPBACK, ...(pipePorts ? { ports: pipePorts } : {}) };
}

function listenAddressesOf({ listenAddresses }: MediaNodeOptions): readonly ListenAddress[] {
  return listenAddresses ?? localAddresses();
}

function openCores(
  options: MediaNodeOptions,
  ledger: Ledger,
  parts: Pick<CoreOptions, "allowance" | "loop" | "metrics">,
): Core[] {
  const { log, now = Date.now, random = Math.random, workerBin, fullLoad } = options;
  const config = {
    workerBin,
    listenAddresses: () => listenAddressesOf(options),
    rtcBasePort: options.rtcBasePort ?? null,
    rtcTcpBasePort: options.rtcTcpBasePort ?? null,
  };
  return Array.from(
    { length: options.cores ?? parts.allowance.defaultCores() },
    (_, index) => new Core({ index, config, ledger, log, now, random, fullLoad, ...parts }),
  );
}
