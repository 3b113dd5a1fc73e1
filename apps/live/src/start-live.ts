import { provideWorker } from "@fairlead/mediasoup-worker";
import { openBus, openRegistry, type Stop } from "@fairlead/server-process";
import { openMetrics } from "@fairlead/server-process/metrics";
import type { Logger } from "@fairlead/telemetry";
import type { Config } from "./config.ts";
import { whyNoFfmpeg } from "./find-ffmpeg.ts";
import { serveHls } from "./hls/serve-hls.ts";
import { createLive, type Live } from "./live.ts";
import { serveHealth } from "./serve-health.ts";

/** A process of a cluster that takes RTMP in. Its end sends the encoders to another one. */
export async function startLive(config: Config, log: Logger): Promise<Stop> {
  const { http, hls, nats, redis, logLevel: _logLevel, codecPolicy: _codecPolicy, ...options } = config;
  let live: Live | null = null;
  const { metrics, expose, close: stopMetrics } = await openMetrics("live", http !== null);
  // First of all: what follows may take minutes.
  const health = http && (await serveHealth(http, () => live, expose));
  const missing = await whyNoFfmpeg(options.ffmpeg);
  if (missing !== null) throw new Error(`RTMP needs ffmpeg: ${missing}`);
  const { bin } = await provideWorker({ onProgress: (line) => log.info("worker.preparing", { line }) });
  const registry = await openRegistry(redis, log, { metrics });
  const bus = await openBus(nats, { role: "live", name: "live", log, metrics });
  const started = await createLive({ ...options, hls, bus, registry, log, metrics, workerBin: bin });
  const hlsServer = hls && started.hls ? await serveHls({ ...hls, log }, started.hls.app) : null;
  live = started;
  return async () => {
    await started.close();
    await hlsServer?.close();
    await registry.close();
    await bus.close();
    stopMetrics();
    await health?.close();
  };
}
