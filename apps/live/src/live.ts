import type { Bus } from "@fairlead/bus";
import type { Registry } from "@fairlead/registry";
import { createIngestOpener, type RateLimits } from "@fairlead/signaling/ingest";
import type { Logger } from "@fairlead/telemetry";
import { createOpenIngest } from "./ingest/create-open-ingest.ts";
import { MediaWorker } from "./media/media-worker.ts";
import type { PipeReach } from "./media/outgoing-pipe.ts";
import { type RtmpOptions, serveRtmp } from "./rtmp/serve-rtmp.ts";

export type LiveOptions = Pick<
  RtmpOptions,
  "host" | "port" | "tls" | "isBehindProxy" | "limits" | "ffmpeg"
> & {
  bus: Bus;
  registry: Registry;
  log: Logger;
  /** mediasoup's. */
  workerBin: string;
  /** Default: nodes are on this host. */
  reach?: PipeReach;
  region?: string | undefined;
  rateLimits?: RateLimits;
};

export type Live = {
  port: number;
  /** null without rtmps. */
  tlsPort: number | null;
  /** Why it takes nobody now; null: it does. */
  whyNotReady(): string | null;
  publishers(): number;
  /** Nobody new; publishers are sent away one by one, and come back to another server. */
  close(): Promise<void>;
};

/** Between two publishers that are sent away: not all come back at once. */
const CLOSE_PAUSE_MS = 100;

/** @throws {Error} A port is taken. */
export async function createLive(options: LiveOptions): Promise<Live> {
  const { bus, registry, log, workerBin, reach = {}, region, rateLimits, ...rtmp } = options;
  const worker = new MediaWorker({ workerBin, log });
  const openPlace = createIngestOpener({
    ...{ bus, registry, log },
    ...(region === undefined ? {} : { region }),
    ...(rateLimits ? { rateLimits } : {}),
  });
  const open = createOpenIngest({ bus, openPlace, worker, reach, log });
  let isClosing = false;
  const server = await serveRtmp({ ...rtmp, open, log });
  log.info("rtmp.listening", { port: server.port, tlsPort: server.tlsPort });
  return {
    port: server.port,
    tlsPort: server.tlsPort,
    whyNotReady: () => {
      if (isClosing) return "it is shutting down";
      return bus.isConnected ? null : "it is cut off from the bus";
    },
    publishers: () => server.publishers().length,
    close: async () => {
      isClosing = true;
      await server.close({ pauseMs: CLOSE_PAUSE_MS });
      await worker.close();
    },
  };
}
