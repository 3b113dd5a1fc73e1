import type { Ledger } from "@fairlead/mediasoup-worker/ledger";
import { FairleadError, TooLateError, within } from "@fairlead/protocol";
import type { Logger, Metrics } from "@fairlead/telemetry";
import { createWorker, type types } from "mediasoup";

const START_TIMEOUT_MS = 10_000;

export type MediaWorkerOptions = { workerBin: string; ledger: Ledger; metrics: Metrics; log: Logger };

/** It is this process's only core. */
const CORE = 0;

/** This process's mediasoup worker, started for the first publisher. One that dies takes the routers on it along; the next publisher has another. */
export class MediaWorker {
  readonly #options: MediaWorkerOptions;
  #worker: Promise<types.Worker> | null = null;
  #pid: number | undefined;
  #isClosed = false;

  constructor(options: MediaWorkerOptions) {
    this.#options = options;
  }

  /** undefined: none runs. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /** @throws {FairleadError} `no_capacity`: it does not start; `shutting_down`. */
  async get(): Promise<types.Worker> {
    if (this.#isClosed) throw new FairleadError("shutting_down");
    this.#worker ??= this.#start();
    return this.#worker;
  }

  /** Resolves once its process has ended. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = await this.#worker?.catch(() => null);
    if (!worker || worker.closed) return;
    const ended = new Promise<void>((resolve) => worker.once("subprocessclose", () => resolve()));
    worker.close();
    await ended;
  }

  async #start(): Promise<types.Worker> {
    const { workerBin, ledger, metrics, log } = this.#options;
    try {
      const worker = await createQuietly({ workerBin, logLevel: "error" });
      ledger.watchWorker(worker, CORE);
      this.#pid = worker.pid;
      worker.once("died", (error) => {
        metrics.count("worker.died");
        log.warn("worker.died", { pid: worker.pid, error });
        this.#pid = undefined;
        this.#worker = null;
      });
      log.info("worker.started", { pid: worker.pid });
      return worker;
    } catch (cause) {
      this.#worker = null;
      log.error("worker.start_failed", { error: cause });
      throw new FairleadError("no_capacity", { message: "the media worker does not start", cause });
    }
  }
}

/**
 * On SIGINT and SIGTERM mediasoup closes its workers at once. When the process ends is the app's to say: it closes its publishers first.
 * @throws When the worker does not start in time: mediasoup itself would wait for ever.
 */
async function createQuietly(settings: types.WorkerSettings): Promise<types.Worker> {
  const before = new Set(process.listeners("SIGTERM"));
  // Its constructor has run when this returns, so its listener can be told from the others.
  const starting = createWorker(settings);
  const closeWorker = process.listeners("SIGTERM").find((listener) => !before.has(listener));
  if (closeWorker) process.removeListener("SIGINT", closeWorker).removeListener("SIGTERM", closeWorker);
  return within(START_TIMEOUT_MS, starting).catch((cause) => {
    if (cause instanceof TooLateError) closeWorker?.("SIGTERM");
    throw cause;
  });
}
