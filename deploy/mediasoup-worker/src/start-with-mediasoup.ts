/**
 * Starts a worker with mediasoup's own library and has it do a little of everything, then closes it.
 *   start-with-mediasoup.ts PACKAGE_DIR BIN
 * A process of its own: mediasoup has no time-outs and no way to end a worker that hangs while it starts, whereas this
 * process can be killed together with its worker.
 */
import { createRequire } from "node:module";
import { cannotLoadExitCode } from "./start-with-mediasoup-exit-code.ts";

type Mediasoup = typeof import("mediasoup");

async function main(packageDir: string, workerBin: string): Promise<void> {
  const mediasoup = loadMediasoup(packageDir);
  const report = (_namespace: string, message: string) => console.error(message);
  mediasoup.setLogEventListeners({ onwarn: report, onerror: report });
  const worker = await mediasoup.createWorker({ workerBin, logLevel: "warn" });
  worker.on("died", fail);
  await exercise(worker);
  const ended = new Promise<void>((resolve) => worker.on("subprocessclose", resolve));
  worker.close();
  await ended;
}

function loadMediasoup(packageDir: string): Mediasoup {
  try {
    return createRequire(import.meta.url)(packageDir);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(cannotLoadExitCode);
  }
}

/**
 * The worker does not know its version, so one of another version shows only by how it takes this version's messages.
 * A WebRTC transport also needs its OpenSSL, libsrtp and libuv.
 */
async function exercise(worker: Awaited<ReturnType<Mediasoup["createWorker"]>>): Promise<void> {
  await worker.getResourceUsage();
  const router = await worker.createRouter({
    mediaCodecs: [{ kind: "audio", mimeType: "audio/opus", clockRate: 48_000, channels: 2 }],
  });
  const transport = await router.createWebRtcTransport({
    listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }],
    enableSctp: true,
  });
  await transport.dump();
  await transport.getStats();
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

const [packageDir = "", workerBin = ""] = process.argv.slice(2);
main(packageDir, workerBin).catch(fail);
