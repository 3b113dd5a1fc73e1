import type { Bus } from "@fairlead/bus";
import { Ledger } from "@fairlead/mediasoup-worker/ledger";
import { type LiveBeat, randomId } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import { nodeIdOfHost } from "@fairlead/server-process/node-id-of-host";
import { VERSION } from "@fairlead/server-process/settings";
import { createIngestOpener, type RateLimits } from "@fairlead/signaling/ingest";
import { type Logger, type Metrics, noMetrics } from "@fairlead/telemetry";
import { CpuShare } from "./cluster/cpu-share.ts";
import { LiveBeats } from "./cluster/live-beats.ts";
import { LiveSurplus } from "./cluster/live-surplus.ts";
import { serveLive } from "./cluster/serve-live.ts";
import { createLiveHls, type LiveHls, type LiveHlsOptions } from "./hls/live-hls.ts";
import { createOpenIngest } from "./ingest/create-open-ingest.ts";
import type { Publisher } from "./ingest/publisher.ts";
import { type JobServer, serveJobs } from "./jobs/serve-jobs.ts";
import { MediaWorker } from "./media/media-worker.ts";
import type { PipeReach } from "./media/outgoing-pipe.ts";
import { limitsOf, type RtmpOptions, type RtmpServer, serveRtmp } from "./rtmp/serve-rtmp.ts";

export type LiveOptions = Pick<
  RtmpOptions,
  "host" | "port" | "tls" | "isBehindProxy" | "limits" | "ffmpeg"
> & {
  bus: Bus;
  registry: Registry;
  log: Logger;
  /** mediasoup's. */
  workerBin: string;
  /** Default: `live-` and the host's name. */
  nodeId?: string | undefined;
  /** Default: nodes are on this host. */
  reach?: PipeReach;
  region?: string | undefined;
  rateLimits?: RateLimits;
  metrics?: Metrics;
  /** Absent: no HLS is made. */
  hls?: LiveHlsOptions | null;
};

export type Live = {
  port: number;
  /** null without rtmps. */
  tlsPort: number | null;
  /** Why it takes nobody now; null: it does. */
  whyNotReady(): string | null;
  publishers(): number;
  /** Serves HLS, to be mounted where its URL says; null: none is made. */
  hls: Pick<LiveHls, "app"> | null;
  /** Nobody new; publishers are sent away one by one, and come back to another server. */
  close(): Promise<void>;
};

/** Between two publishers that are sent away: not all come back at once. */
const CLOSE_PAUSE_MS = 100;

/** @throws {Error} A port is taken. */
export async function createLive(options: LiveOptions): Promise<Live> {
  const {
    bus,
    registry,
    workerBin,
    reach = {},
    region,
    rateLimits,
    nodeId = liveIdOfHost(),
    ...rest
  } = options;
  const { metrics = noMetrics, ...rtmp } = rest;
  const log = rtmp.log.child({ nodeId });
  const ledger = new Ledger();
  const worker = new MediaWorker({ workerBin, ledger, metrics, log });
  const hls = options.hls ? createLiveHls(options.hls, { registry, log }) : null;
  const openPlace = createIngestOpener({
    ...{ bus, registry, log, metrics },
    ...(region === undefined ? {} : { region }),
    ...(rateLimits ? { rateLimits } : {}),
  });
  const publishers = new Map<string, Publisher>();
  const open = createOpenIngest({ bus, openPlace, worker, reach, hls, publishers, metrics, log });
  const server = await serveRtmp({ ...rtmp, ladder: options.hls?.ladder ?? [], open, metrics, log });
  log.info("rtmp.listening", { port: server.port, tlsPort: server.tlsPort });
  const jobs =
    hls &&
    serveJobs({
      ...{
        bus,
        worker,
        reach,
        host: server.encoderHost,
        openPackager: hls.createPackager,
        log,
        now: () => performance.now(),
      },
      mostJobs: () => limitsOf(options.limits).publishers - server.publishers().length,
    });
  const parts = { ledger, worker, publishers, server, jobs };
  metrics.gauge("live.publishers", () => server.publishers().length);
  const cluster = joinCluster({ ...options, nodeId, metrics, log }, parts);
  return {
    port: server.port,
    tlsPort: server.tlsPort,
    whyNotReady: () => {
      if (server.isClosing) return "it is shutting down";
      if (server.isDraining) return "it is being drained";
      return bus.isConnected ? null : "it is cut off from the bus";
    },
    publishers: () => server.publishers().length,
    hls,
    close: async () => {
      const closed = server.close({ pauseMs: CLOSE_PAUSE_MS });
      void cluster.tellState();
      await jobs?.close();
      await closed;
      await cluster.leave();
      await hls?.close();
      await worker.close();
    },
  };
}

type Parts = {
  ledger: Ledger;
  worker: MediaWorker;
  publishers: ReadonlyMap<string, Publisher>;
  server: RtmpServer;
  jobs: JobServer | null;
};

/** From now on it is listed with what it carries, and answers its operator. */
function joinCluster(
  options: LiveOptions & { nodeId: string; metrics: Metrics },
  { ledger, worker, publishers, server, jobs }: Parts,
) {
  const { bus, registry, nodeId, region = "default", metrics, log } = options;
  const limits = limitsOf(options.limits);
  const identity = { nodeId, incarnation: randomId(), region, version: VERSION };
  const state = () => (server.isDraining || server.isClosing ? "draining" : "ready");
  const cpu = new CpuShare();
  const compose = (): LiveBeat => {
    const connected = server.publishers();
    const packaged = jobs?.jobs() ?? [];
    const pids = [process.pid, worker.pid, ...connected.map(({ pid }) => pid)];
    pids.push(...packaged.flatMap((job) => job.pids));
    return {
      ...identity,
      state: state(),
      busConnected: bus.isConnected,
      cpuLoad: Math.min(
        cpu.sample(
          pids.filter((pid) => pid !== undefined),
          performance.now(),
        ),
        1,
      ),
      publishers: connected.length,
      transcodes: [...connected, ...packaged].filter(({ isTranscoded }) => isTranscoded).length,
      limits: { publishers: limits.publishers, transcodes: limits.transcodes },
    };
  };
  const beats = new LiveBeats({ registry, compose, metrics, log });
  const surplus = new LiveSurplus({
    ...{ nodeId, ledger, children: server.children, log, now: Date.now },
    ownedPids: () => [
      ...server.publishers().map(({ pid }) => pid),
      ...(jobs?.jobs().flatMap(({ pids }) => pids) ?? []),
    ],
    isUsed: (publisherId, entry) =>
      publishers.get(publisherId)?.uses(entry) ??
      jobs?.jobs().some(({ jobId }) => jobId === publisherId) ??
      false,
  });
  const stopServing = serveLive({
    ...{ bus, incarnation: identity.incarnation, surplus, state, log },
    publishers: () => server.publishers().length,
    drain: () => {
      void server.drain({ pauseMs: CLOSE_PAUSE_MS });
      jobs?.drain();
      void beats.beat();
    },
    undrain: () => {
      server.undrain();
      jobs?.undrain();
      void beats.beat();
    },
  });
  const stopStatus = bus.onStatus((status) => {
    if (status !== "resumed") metrics.count("bus.lost");
  });
  return {
    tellState: () => beats.beat(),
    leave: async () => {
      stopServing();
      stopStatus();
      await beats.stop();
    },
  };
}

/** Another name than that of a media node on the same host. */
function liveIdOfHost(): string {
  return `live-${nodeIdOfHost()}`.slice(0, 64);
}
