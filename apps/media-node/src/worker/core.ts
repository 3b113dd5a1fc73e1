import type { Ledger } from "@fairlead/mediasoup-worker/ledger";
import type { Logger, Metrics } from "@fairlead/telemetry";
import type { types } from "mediasoup";
import type { CpuAllowance } from "./cpu-allowance.ts";
import type { EventLoop } from "./event-loop.ts";
import { isSaturated } from "./is-saturated.ts";
import { LoadMeter } from "./load-meter.ts";
import { type RunningWorker, startWorker, type WorkerConfig } from "./start-worker.ts";

/** A worker that does not answer for this long, while this process is awake, hangs and is killed. */
const HANG_AFTER_MS = 2_000;
/** Weight of the newest answer. */
const ANSWER_SMOOTHING = 0.5;
/** Pause before a worker that could not be started is tried again, ms. */
const RESTART_PAUSE_MS = 1_000;

export type CoreOptions = {
  index: number;
  config: WorkerConfig;
  ledger: Ledger;
  allowance: CpuAllowance;
  loop: EventLoop;
  log: Logger;
  metrics: Metrics;
  now: () => number;
  random: () => number;
  /** Above it the core takes no peer more; default: `FULL_LOAD`. */
  fullLoad?: number | undefined;
};

export type CoreWatcher = {
  /** The worker died: what lived in it is gone, and a new one is on its way. */
  onWorkerDied: (core: Core) => void;
  /** The core takes rooms again. */
  onWorkerStarted: () => void;
};

type State = { state: "starting" } | ({ state: "running" } & RunningWorker) | { state: "closed" };

/** One worker slot of the node. It keeps its number when its worker is replaced. */
export class Core {
  readonly index: number;
  readonly #options: CoreOptions;
  readonly #watchers: CoreWatcher[] = [];
  #state: State = { state: "starting" };
  #meter = new LoadMeter();
  #answerMs = 0;
  /** By the event loop's clock: nobody else's standstill is the worker's. */
  #usageAskedAtMs: number | null = null;
  #started: Promise<void> = Promise.resolve();

  constructor(options: CoreOptions) {
    this.index = options.index;
    this.#options = options;
  }

  watch(watcher: CoreWatcher): void {
    this.#watchers.push(watcher);
  }

  /** What the worker uses of one core, 0..1. */
  get cpuShare(): number {
    return this.#meter.load;
  }

  /** How much of what the worker may use is taken, 0..1. */
  get load(): number {
    return this.#options.allowance.loadOf(this.cpuShare);
  }

  /** It takes no peer more. */
  get isFull(): boolean {
    return isSaturated(this.load, this.#answerMs, this.#options.fullLoad);
  }

  /** It is a good place for a room. None is while this process is late with everything. */
  get isUsable(): boolean {
    return this.#state.state === "running" && !this.#options.loop.isLate;
  }

  /** The worker and its server; null while it is being replaced. */
  get running(): RunningWorker | null {
    return this.#state.state === "running" ? this.#state : null;
  }

  /** Resolves when the worker that is being started runs, or its start failed. */
  whenStarted(): Promise<void> {
    return this.#started;
  }

  /** @throws When the first worker does not start: the node can't serve. */
  async start(): Promise<void> {
    const { config, ledger, random, log } = this.#options;
    const running = await startWorker(this.index, config, ledger, random);
    if (this.#state.state === "closed") return running.worker.close();
    this.#state = { state: "running", ...running };
    this.#meter = new LoadMeter();
    this.#answerMs = 0;
    this.#usageAskedAtMs = null;
    running.worker.once("died", (error) => this.#onDied(running.worker, error));
    for (const { onWorkerStarted } of this.#watchers) onWorkerStarted();
    log.info("worker.started", { core: this.index, pid: running.worker.pid, port: running.port });
  }

  /** Samples the load, and kills a worker that has not answered for too long. Called a few times a second. */
  check(): void {
    if (this.#state.state !== "running") return;
    const { worker } = this.#state;
    const { awakeMs } = this.#options.loop;
    // Closed without `died`: it ended before anybody listened.
    if (worker.closed) this.#onDied(worker, new Error("closed"));
    else if (this.#usageAskedAtMs === null) void this.#askUsage(worker);
    else if (awakeMs - this.#usageAskedAtMs > HANG_AFTER_MS) this.#kill(worker);
  }

  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { state: "closed" };
    if (state.state !== "running" || state.worker.closed) return;
    const closed = new Promise<void>((resolve) => state.worker.once("subprocessclose", () => resolve()));
    state.worker.close();
    // A stopped process (SIGSTOP) does not read that it should end.
    const timer = setTimeout(() => killProcess(state.worker.pid), HANG_AFTER_MS);
    await closed;
    clearTimeout(timer);
  }

  async #askUsage(worker: types.Worker): Promise<void> {
    const askedMs = this.#options.now();
    this.#usageAskedAtMs = this.#options.loop.awakeMs;
    try {
      const usage = await worker.getResourceUsage();
      const nowMs = this.#options.now();
      this.#answerMs += ANSWER_SMOOTHING * (nowMs - askedMs - this.#answerMs);
      this.#meter.sample(usage.ru_utime + usage.ru_stime, nowMs);
    } catch {
      // It died meanwhile: `died` tells.
    } finally {
      if (this.running?.worker === worker) this.#usageAskedAtMs = null;
    }
  }

  #kill(worker: types.Worker): void {
    this.#options.log.warn("worker.hung", { core: this.index, pid: worker.pid, afterMs: HANG_AFTER_MS });
    this.#usageAskedAtMs = this.#options.loop.awakeMs;
    killProcess(worker.pid);
  }

  #onDied(worker: types.Worker, error: Error): void {
    if (this.#state.state !== "running" || this.#state.worker !== worker) return;
    this.#options.metrics.count("worker.died");
    this.#options.log.warn("worker.died", { core: this.index, pid: worker.pid, error });
    this.#state = { state: "starting" };
    this.#started = this.#restart();
    for (const { onWorkerDied } of this.#watchers) onWorkerDied(this);
  }

  async #restart(): Promise<void> {
    while (this.#state.state === "starting") {
      try {
        return await this.start();
      } catch (error) {
        this.#options.log.error("worker.start_failed", { core: this.index, error });
        await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS).unref());
      }
    }
  }
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
