import { type Subscription, serveSubject } from "@fairlead/bus";
import { FairleadError, type NodeCallReply, type NodeCallRequest, subjects } from "@fairlead/protocol";
import { PackageJob, type PackageJobDeps } from "./package-job.ts";

export type JobsOptions = PackageJobDeps & {
  /** How many it may have at the same time, as things stand now. */
  mostJobs: () => number;
};

/** What a job is seen as from outside. */
export type RunningJob = Pick<PackageJob, "jobId" | "broadcastId" | "run" | "pids" | "isTranscoded">;

export type JobServer = {
  jobs(): RunningJob[];
  /** Takes no more, and gives those that it has to others: until `undrain`. */
  drain(): void;
  undrain(): void;
  /** Takes no more, and gives those that it has to others. Resolves when nothing of them is left. */
  close(): Promise<void>;
};

const QUEUE = "live";
/** Others leave too: whether there is room is looked at so often. */
const LOOK_EVERY_MS = 1_000;

/** Takes jobs of packaging from broadcasts' homes, while there is room. A process that is full does not listen, so that another one is asked. */
export function serveJobs(options: JobsOptions): JobServer {
  return new Jobs(options);
}

class Jobs implements JobServer {
  readonly #options: JobsOptions;
  readonly #jobs = new Set<PackageJob>();
  readonly #timer: NodeJS.Timeout;
  #starting = 0;
  #subscription: Subscription | null = null;
  #isDraining = false;
  #isClosed = false;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#listenWhileThereIsRoom(), LOOK_EVERY_MS);
    this.#listenWhileThereIsRoom();
  }

  jobs(): RunningJob[] {
    return [...this.#jobs];
  }

  drain(): void {
    this.#isDraining = true;
    this.#listenWhileThereIsRoom();
    void this.#leaveAll();
  }

  undrain(): void {
    this.#isDraining = false;
    this.#listenWhileThereIsRoom();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#listenWhileThereIsRoom();
    await this.#leaveAll();
  }

  async #leaveAll(): Promise<void> {
    await Promise.all([...this.#jobs].map((job) => job.leave()));
  }

  get #isTaking(): boolean {
    return !this.#isClosed && !this.#isDraining;
  }

  get #hasRoom(): boolean {
    return this.#isTaking && this.#jobs.size + this.#starting < this.#options.mostJobs();
  }

  #listenWhileThereIsRoom(): void {
    if (!this.#hasRoom) {
      this.#subscription?.unsubscribe();
      this.#subscription = null;
    } else this.#subscription ??= this.#listen();
  }

  #listen(): Subscription {
    const { bus, log } = this.#options;
    const handlers = { "hls.package": (request: NodeCallRequest<"hls.package">) => this.#take(request) };
    const onBug = (error: unknown, name: string) => log.error("job.failed", { name, error });
    return serveSubject(bus, subjects.liveJobs, handlers, { queue: QUEUE, onBug });
  }

  async #take(request: NodeCallRequest<"hls.package">): Promise<NodeCallReply<"hls.package">> {
    if (!this.#isTaking) throw new FairleadError("shutting_down");
    if (!this.#hasRoom) throw new FairleadError("no_capacity");
    this.#starting += 1;
    try {
      const job = await PackageJob.start(this.#options, request);
      if (!this.#isTaking) {
        await job.close();
        throw new FairleadError("shutting_down");
      }
      this.#keep(job);
      const { roomId, jobId, order } = request;
      this.#options.log.info("job.taken", { roomId, jobId, run: order.run });
      return { pipe: job.address };
    } finally {
      this.#starting -= 1;
      this.#listenWhileThereIsRoom();
    }
  }

  #keep(job: PackageJob): void {
    // Its home has lost our answer, or has begun anew: nobody wants what it makes.
    for (const other of this.#jobs)
      if (other.broadcastId === job.broadcastId && other.run < job.run) void other.close();
    this.#jobs.add(job);
    void job.ended.then(() => {
      this.#jobs.delete(job);
      this.#listenWhileThereIsRoom();
    });
  }
}
