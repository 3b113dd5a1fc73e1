import { availableParallelism, hostname } from "node:os";
import { type Bus, decodeText, serveNodeCalls } from "@fairlead/bus";
import {
  type CodecPolicy,
  DEFAULT_CODEC_POLICY,
  FairleadError,
  parseJson,
  randomId,
  SessionsAlive,
  subjects,
} from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import type { KeySet } from "@fairlead/tickets";
import { answerCalls } from "./answer-calls.ts";
import { Heartbeats } from "./heartbeats.ts";
import { dumpWorker, Ledger, type LedgerEntry } from "./ledger.ts";
import { type RelocateDeps, relocateRoomsOf, takeOver, yieldRoom } from "./relocate-rooms.ts";
import { Rooms } from "./rooms.ts";
import { Core, type CoreOptions } from "./worker/core.ts";
import { type ListenAddress, localAddresses } from "./worker/listen-addresses.ts";
import { NetworkMeter } from "./worker/network-meter.ts";

const HEARTBEAT_MS = 500;
const CHECK_MS = 500;
const SWEEP_MS = 500;
const NETWORK_MS = 1_000;
const DEFAULT_GRACE_MS = 15_000;
const DEFAULT_NETWORK_BPS = 1_000_000_000;
const VERSION = "0.1.0";

export type MediaNodeOptions = {
  bus: Bus;
  registry: Registry;
  /** Verifies tickets: public keys are enough. */
  ticketKeys: KeySet;
  /** Verifies session tickets. */
  sessionKeys: KeySet;
  issuer?: string;
  /** Path of the mediasoup worker. */
  workerBin: string;
  log: Logger;
  nodeId?: string;
  region?: string;
  labels?: string[];
  /** Workers; default: one per CPU core. */
  cores?: number;
  /** Default: loopback and every IPv4 address of this machine. */
  listenAddresses?: readonly ListenAddress[];
  /** Core `i` listens on this port + `i`, UDP and TCP; default: free ones. */
  rtcBasePort?: number | null;
  codecPolicy?: CodecPolicy;
  /** How long a session outlives its last sign of life, ms. */
  graceMs?: number;
  /** What the host's network carries, bits/s, each way. */
  networkCapacityBps?: number;
  now?: () => number;
  random?: () => number;
};

export type MediaNode = {
  nodeId: string;
  incarnation: string;
  /** Every media resource with its owner. */
  ledger(): LedgerEntry[];
  /** The same, as the workers tell it: sorted `kind:id`. */
  dump(): Promise<string[]>;
  /** Process ids of the workers that run, by core. */
  workerPids(): (number | null)[];
  /** Closes rooms, workers and timers. Idempotent. */
  close(): Promise<void>;
};

/**
 * Starts the workers and serves rooms: takes calls from the bus, and tells the registry what it has.
 * @throws When a worker does not start, e.g. because its port is taken.
 */
export async function createMediaNode(options: MediaNodeOptions): Promise<MediaNode> {
  const parts = assemble(options);
  const { cores, incarnation, ledger, nodeId, rooms } = parts;
  await startAll(cores);
  const stopServing = await serve(parts, options);
  options.log.info("node.started", { nodeId, incarnation, cores: cores.length });
  let closing: Promise<void> | null = null;
  const close = async () => {
    await stopServing();
    await Promise.all(cores.map((core) => core.close()));
    options.log.info("node.stopped", { nodeId, incarnation });
  };
  return {
    nodeId,
    incarnation,
    ledger: () => ledger.entries(),
    dump: () => dumpNode(cores, rooms),
    workerPids: () => cores.map((core) => core.running?.worker.pid ?? null),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

type Parts = {
  nodeId: string;
  incarnation: string;
  ledger: Ledger;
  cores: Core[];
  rooms: Rooms;
  network: NetworkMeter;
  heartbeats: Heartbeats;
};

function assemble(options: MediaNodeOptions): Parts {
  const { bus, registry, log, ticketKeys, sessionKeys, issuer, graceMs = DEFAULT_GRACE_MS } = options;
  const { now = Date.now, codecPolicy = DEFAULT_CODEC_POLICY } = options;
  const incarnation = randomId();
  const nodeId = options.nodeId ?? nodeIdOfHost(hostname());
  const ledger = new Ledger();
  const reportRelocation = (error: unknown) => log.error("room.relocation_failed", { error });
  const cores = openCores(options, ledger, {
    onWorkerDied: (core) => {
      // First of all nobody else may be placed there.
      void heartbeats.beat();
      void relocateRoomsOf(core, relocation).catch(reportRelocation);
    },
    onWorkerStarted: () => heartbeats.isStarted && void heartbeats.beat(),
  });
  const networkBps = options.networkCapacityBps ?? DEFAULT_NETWORK_BPS;
  const network = new NetworkMeter(networkBps);
  const rooms: Rooms = new Rooms({
    ...{ bus, registry, log, now, incarnation, cores, codecPolicy, graceMs },
    keys: { ticketKeys, sessionKeys, issuer },
    onArrival: (debitId) => heartbeats.noteArrival(debitId),
    onRefusal: (debitId) => heartbeats.noteRefusal(debitId),
  });
  const relocation: RelocateDeps = { nodeId, incarnation, bus, registry, rooms, log };
  const heartbeats: Heartbeats = new Heartbeats({
    ...{ cores, rooms, network, networkBps, registry, log, now },
    node: {
      nodeId,
      incarnation,
      region: options.region ?? "default",
      labels: options.labels ?? [],
      version: VERSION,
    },
    isBusConnected: () => bus.isConnected,
    onReply: ({ lost, orphans }) => {
      for (const lease of lost) yieldRoom(lease, relocation);
      if (orphans.length > 0) void takeOver(orphans, relocation).catch(reportRelocation);
    },
  });
  return { nodeId, incarnation, ledger, cores, rooms, network, heartbeats };
}

/** @returns Stops it: closes the rooms and says goodbye to the registry. */
async function serve(
  parts: Parts,
  { bus, registry, log, now = Date.now }: MediaNodeOptions,
): Promise<() => Promise<void>> {
  const { incarnation, rooms, cores, network, heartbeats } = parts;
  const calls = serveNodeCalls(bus, incarnation, answerCalls(rooms), (error, name) =>
    log.error("call.failed", { name, error }),
  );
  const alive = bus.subscribe(subjects.nodeSessions(incarnation), ({ data }) => noteAlive(rooms, data, log));
  const stopStatus = bus.onStatus(() => rooms.forgiveSilence());
  await bus.flush();
  await heartbeats.beat();
  const timers = [
    setInterval(() => void heartbeats.beat(), HEARTBEAT_MS),
    setInterval(() => cores.map((core) => core.check()), CHECK_MS),
    // While the bus is away no peer can prove that it lives.
    setInterval(() => bus.isConnected && rooms.sweep(), SWEEP_MS),
    setInterval(() => void network.sample(now()), NETWORK_MS),
  ];
  return async () => {
    for (const timer of timers) clearInterval(timer);
    for (const subscription of [calls, alive]) subscription.unsubscribe();
    stopStatus();
    for (const room of rooms.all()) rooms.stop(room);
    await heartbeats.stop();
    await registry.removeNode(incarnation).catch((error) => log.warn("node.goodbye_failed", { error }));
  };
}

/** A host name made fit for a subject: `media-7.example.org` becomes `media-7`. */
function nodeIdOfHost(host: string): string {
  return (
    host
      .split(".")[0]
      ?.replace(/[^A-Za-z0-9_-]/g, "-")
      .slice(0, 64) || "node"
  );
}

function openCores(
  options: MediaNodeOptions,
  ledger: Ledger,
  listeners: Pick<CoreOptions, "onWorkerDied" | "onWorkerStarted">,
): Core[] {
  const { log, now = Date.now, random = Math.random, workerBin } = options;
  const config = {
    workerBin,
    listenAddresses: options.listenAddresses ?? localAddresses(),
    rtcBasePort: options.rtcBasePort ?? null,
  };
  return Array.from(
    { length: options.cores ?? availableParallelism() },
    (_, index) => new Core({ index, config, ledger, log, now, random, ...listeners }),
  );
}

async function startAll(cores: readonly Core[]): Promise<void> {
  const starts = await Promise.allSettled(cores.map((core) => core.start()));
  const failed = starts.find((start) => start.status === "rejected");
  if (!failed) return;
  await Promise.all(cores.map((core) => core.close()));
  throw failed.reason;
}

async function dumpNode(cores: readonly Core[], rooms: Rooms): Promise<string[]> {
  const dumps = cores.map(({ index, running }) => {
    const routers = rooms.onCore(index).map((room) => room.router);
    return running ? dumpWorker(running.worker, routers) : [];
  });
  return (await Promise.all(dumps)).flat().sort();
}

function noteAlive(rooms: Rooms, data: Uint8Array, log: Logger): void {
  try {
    for (const { sessionId, connection } of parseJson(SessionsAlive, decodeText(data)).sessions) {
      rooms.peerIfHere(sessionId)?.session.noteAlive(connection);
    }
  } catch (error) {
    if (!(error instanceof FairleadError)) throw error;
    log.warn("sessions_alive.invalid", { error });
  }
}
