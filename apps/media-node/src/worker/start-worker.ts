import type { Ledger } from "@fairlead/mediasoup-worker/ledger";
import { TooLateError, within } from "@fairlead/protocol";
import { createWorker, type types } from "mediasoup";
import { type ListenAddress, listenInfos, type RtcPorts } from "./listen-addresses.ts";

export type WorkerConfig = {
  workerBin: string;
  /** Asked at each start: a machine loses addresses and gets others. */
  listenAddresses: () => readonly ListenAddress[];
  /** Core `i` listens on this port + `i`, UDP, and TCP unless that has its own; null: any free one. */
  rtcBasePort: number | null;
  /** Core `i` listens on this port + `i`, TCP. `off`: none does. null: the same port as UDP's. */
  rtcTcpBasePort: number | "off" | null;
};

export type RunningWorker = { worker: types.Worker; webRtcServer: types.WebRtcServer; port: number };

/** Free ports are looked for here: above the registered services, and mostly below Linux's ephemeral ports. */
const FREE_PORTS = { from: 20_000, count: 12_000 };
const FREE_PORT_TRIES = 30;
const START_TIMEOUT_MS = 10_000;

/**
 * Starts a worker with its one WebRtcServer.
 * @throws When the worker does not start or its port is taken.
 */
export async function startWorker(
  core: number,
  config: WorkerConfig,
  ledger: Ledger,
  random: () => number,
): Promise<RunningWorker> {
  const worker = await createQuietly({ workerBin: config.workerBin, logLevel: "error", appData: { core } });
  ledger.watchWorker(worker, core);
  // mediasoup waits for ever for a worker that hangs; once it is killed, mediasoup rejects the open calls.
  const patience = setTimeout(() => process.kill(worker.pid, "SIGKILL"), START_TIMEOUT_MS);
  try {
    return { worker, ...(await openServer(worker, core, config, random)) };
  } catch (error) {
    worker.close();
    throw error;
  } finally {
    clearTimeout(patience);
  }
}

/**
 * On SIGINT and SIGTERM mediasoup closes its workers at once, before anybody was told, without `died`, and one that is being
 * created without ever answering. When the process ends is the app's to say: it closes the node first.
 *
 * @throws When the worker does not start in time: mediasoup itself would wait for ever.
 */
async function createQuietly(settings: types.WorkerSettings): Promise<types.Worker> {
  const before = new Set(process.listeners("SIGTERM"));
  // Its constructor has run when this returns, so its listener can be told from the others.
  const starting = createWorker(settings);
  const closeWorker = process.listeners("SIGTERM").find((listener) => !before.has(listener));
  if (closeWorker) process.removeListener("SIGINT", closeWorker).removeListener("SIGTERM", closeWorker);
  return within(START_TIMEOUT_MS, starting).catch((cause) => {
    if (!(cause instanceof TooLateError)) throw cause;
    // The only handle there is on a worker that does not run yet.
    closeWorker?.("SIGTERM");
    throw new Error(`the worker did not start in ${START_TIMEOUT_MS} ms`, { cause });
  });
}

async function openServer(worker: types.Worker, core: number, config: WorkerConfig, random: () => number) {
  const open = async (port: number) => ({
    port,
    webRtcServer: await worker.createWebRtcServer({
      listenInfos: listenInfos(config.listenAddresses(), portsOf(core, config, port)),
      appData: { owner: { core } },
    }),
  });
  if (config.rtcBasePort !== null) return open(config.rtcBasePort + core);
  for (let tries = 1; ; tries++) {
    try {
      return await open(FREE_PORTS.from + Math.floor(random() * FREE_PORTS.count));
    } catch (error) {
      if (tries === FREE_PORT_TRIES || worker.closed) throw error;
    }
  }
}

function portsOf(core: number, { rtcTcpBasePort }: WorkerConfig, udp: number): RtcPorts {
  if (rtcTcpBasePort === "off") return { udp, tcp: null };
  return { udp, tcp: rtcTcpBasePort === null ? udp : rtcTcpBasePort + core };
}
