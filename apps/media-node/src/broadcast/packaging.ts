import {
  type BroadcastCounts,
  type BroadcastRecord,
  FairleadError,
  type HlsOrder,
  type HlsReport,
  PACKAGER_SILENT_MS,
  randomId,
} from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { Room } from "../room/room.ts";
import { PackageJob, type PackagerReach } from "./package-job.ts";
import type { Holder } from "./publisher-place.ts";

export type PackagingOptions = {
  room: Room;
  record: () => BroadcastRecord;
  reach: PackagerReach;
  /** Milliseconds that no setting of a clock changes. */
  elapsed: () => number;
  /** Whether a hook is asked about viewers. */
  asksAboutViewers: boolean;
  /** Of the publisher's second packager, and of each later one. */
  nextRun: () => number;
};

/** The sequence of a store that is empty begins at so many a second since the broadcast's creation. No packager makes segments so fast. */
const SEQUENCES_PER_S = 4;
/** A pause of this process, or of the bus, counts as no more: nobody could prove anything. */
const MOST_TICK_MS = 2_000;
const RETRY_MS = { first: 1_000, most: 5_000 };
/** So long a publisher may take to bring its second track: packaging begins with both. */
const SECOND_TRACK_MS = 1_000;

/** What is made of a broadcast for HLS: ordered of an RTMP publisher's own process, or of one that takes the job. */
export class Packaging {
  readonly #options: PackagingOptions;
  #reported: HlsReport | null = null;
  /** Since the last report; does not grow while nobody could report. */
  #silentMs = 0;
  #nextSequence = 0;
  #tickedAtMs: number;
  #job: PackageJob | null = null;
  /** The job that a packager is being asked to take: it may prove itself before its answer is read here. */
  #startingId: string | null = null;
  /** The last one that a packager may have written under. */
  #run = 0;
  #retryMs = RETRY_MS.first;
  #retryAtMs = 0;
  #wanted: Holder | null = null;
  #wantedAtMs = 0;

  constructor(options: PackagingOptions) {
    this.#options = options;
    this.#tickedAtMs = options.elapsed();
  }

  /** What is served now; undefined: nothing is. */
  get served(): BroadcastCounts["hls"] {
    if (!this.#reported) return undefined;
    const { url, viewers, isTranscoded } = this.#reported;
    return { url, viewers, ...(isTranscoded === undefined ? {} : { isTranscoded }) };
  }

  get viewers(): number {
    return this.#reported?.viewers ?? 0;
  }

  /** Those that nobody let in: they came to the packager by themselves, as they may where a broadcast is public. */
  get strangers(): number {
    const { viewers = 0, admittedViewers = viewers } = this.#reported ?? {};
    return Math.max(0, viewers - admittedViewers);
  }

  /** @param report What the publisher's own process packages of it. @returns What it may package from now on; undefined: nothing. */
  exchange(holder: Holder, report: HlsReport | undefined): HlsOrder | undefined {
    if (this.#wanted !== holder) return undefined;
    if (report) this.#note(report);
    return this.#order(holder.run);
  }

  /** @throws {FairleadError} `session_gone`: the job is not this packager's any more. */
  prove(jobId: string, report?: HlsReport): void {
    if (jobId === this.#startingId) return;
    if (this.#job?.jobId !== jobId) throw new FairleadError("session_gone");
    this.#silentMs = 0;
    if (report) {
      this.#retryMs = RETRY_MS.first;
      this.#note(report);
    } else this.#reported = null;
  }

  /** The packager gives its job up: another is asked at once. */
  leave(jobId: string): void {
    if (this.#job?.jobId !== jobId) return;
    this.#dropJob("left");
    this.#retryAtMs = 0;
  }

  /**
   * Called about once a second.
   * @param wanted Who publishes while the broadcast is live; null: nothing is packaged now.
   * @returns Once the packager that it asks, if it asks one, has answered. Never rejects.
   */
  async tick(wanted: Holder | null): Promise<void> {
    this.#measureSilence();
    const isSilent = this.#silentMs > PACKAGER_SILENT_MS;
    if (isSilent) this.#reported = null;
    if (this.#wanted !== wanted) this.#wantedAtMs = this.#options.elapsed();
    this.#wanted = wanted;
    const tracks = wanted?.seat ? tracksOf(wanted) : [];
    if (this.#job && !isFed(this.#job, tracks)) this.#dropJob("its media is another");
    else if (this.#job && isSilent) this.#dropJob("silent");
    if (wanted && !this.#job && this.#isDue(tracks)) await this.#start(wanted, tracks);
  }

  /** Idempotent. */
  close(): void {
    this.#dropJob("closed");
    this.#wanted = null;
    this.#reported = null;
  }

  #order(run: number): HlsOrder {
    const { room, record, asksAboutViewers } = this.#options;
    const { createdAtMs, startsAtMs, startedAtMs } = record();
    const ageS = Math.max(0, room.deps.now() - createdAtMs) / 1_000;
    return {
      run,
      firstSequence: Math.max(this.#nextSequence, Math.ceil(ageS * SEQUENCES_PER_S)),
      ...(this.#nextSequence > 0 ? { reportedSequence: this.#nextSequence } : {}),
      ...(startsAtMs === null || startedAtMs === null ? {} : { shownFromMs: startedAtMs }),
      ...(asksAboutViewers ? { asksAboutViewers } : {}),
    };
  }

  #note(report: HlsReport): void {
    this.#reported = report;
    this.#silentMs = 0;
    this.#nextSequence = Math.max(this.#nextSequence, report.nextSequence);
  }

  #measureSilence(): void {
    const nowMs = this.#options.elapsed();
    const { bus } = this.#options.room.deps;
    if (bus.isConnected) this.#silentMs += Math.min(nowMs - this.#tickedAtMs, MOST_TICK_MS);
    this.#tickedAtMs = nowMs;
  }

  #isDue(tracks: readonly types.Producer[]): boolean {
    const nowMs = this.#options.elapsed();
    if (this.#startingId !== null || nowMs < this.#retryAtMs || tracks.length === 0) return false;
    return tracks.length > 1 || nowMs - this.#wantedAtMs >= SECOND_TRACK_MS;
  }

  async #start(holder: Holder, producers: readonly types.Producer[]): Promise<void> {
    const { room, reach, elapsed, nextRun } = this.#options;
    const seat = holder.seat?.();
    if (!seat) return;
    const jobId = randomId();
    this.#startingId = jobId;
    const order = this.#order(this.#run < holder.run ? holder.run : nextRun());
    try {
      const { bus } = room.deps;
      const job = await PackageJob.start({ jobId, bus, room, seat, producers, order, reach });
      this.#run = order.run;
      if (this.#wanted !== holder) job.close();
      else this.#job = job;
      this.#silentMs = 0;
      room.log.info("broadcast.packaged", { roomId: room.roomId, run: order.run, jobId: job.jobId });
    } catch (error) {
      if (!isRefusal(error)) this.#run = order.run;
      this.#retryAtMs = elapsed() + this.#retryMs;
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.most);
      const why = error instanceof FairleadError ? { code: error.code } : { error };
      room.log.info("broadcast.not_packaged", { roomId: room.roomId, ...why });
    } finally {
      this.#startingId = null;
    }
  }

  #dropJob(reason: string): void {
    const job = this.#job;
    if (!job) return;
    this.#job = null;
    job.close();
    const { room, elapsed } = this.#options;
    this.#retryAtMs = elapsed() + (reason === "silent" ? 0 : RETRY_MS.first);
    room.log.info("broadcast.packaging_ended", { roomId: room.roomId, jobId: job.jobId, reason });
  }
}

/** Nobody has begun anything. */
function isRefusal(error: unknown): boolean {
  return error instanceof FairleadError && error.code !== "node_timeout";
}

/** What is packaged of a publisher's media: its camera, or its screen where it has no camera, and a sound. */
function tracksOf(holder: Holder): types.Producer[] {
  const producers = holder.producers().filter(({ closed }) => !closed);
  const find = (...sources: string[]) =>
    sources
      .map((source) => producers.find(({ appData }) => appData.source === source))
      .find((producer) => producer !== undefined);
  const tracks = [find("camera", "screen"), find("microphone", "screen_audio")];
  return tracks.filter((track) => track !== undefined);
}

function isFed({ isClosed, producerIds }: PackageJob, tracks: readonly types.Producer[]): boolean {
  const ids = tracks.map(({ id }) => id);
  return !isClosed && ids.length === producerIds.length && ids.every((id) => producerIds.includes(id));
}
