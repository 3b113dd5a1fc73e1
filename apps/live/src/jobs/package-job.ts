import { type Bus, callNode } from "@fairlead/bus";
import {
  FairleadError,
  type HlsReport,
  type NodeCallRequest,
  PACKAGER_SILENT_MS,
  type PipeAddress,
} from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import type { NewPackager } from "../hls/live-hls.ts";
import { IncomingPipe, type IncomingTrack } from "../media/incoming-pipe.ts";
import type { MediaWorker } from "../media/media-worker.ts";
import type { PipeReach } from "../media/outgoing-pipe.ts";
import { type Packager, SOURCE } from "../packaging/packager.ts";
import { LiveProgram, type RemuxHost } from "./remux/live-program.ts";
import { assemblerOf } from "./rtp/assemblers.ts";
import { PacketOrder } from "./rtp/packet-order.ts";
import type { AssemblePicture } from "./rtp/picture.ts";
import { PictureReader } from "./rtp/picture-reader.ts";
import { readRtp } from "./rtp/read-rtp.ts";
import { TrackClock } from "./rtp/track-clock.ts";

/** Where a job's fragmented MP4 goes. */
export type JobPackager = Pick<Packager, "accept" | "restarted" | "report" | "close">;

export type OpenPackager = (options: Required<NewPackager>) => JobPackager;

export type PackageJobDeps = {
  bus: Bus;
  worker: Pick<MediaWorker, "get">;
  reach: PipeReach;
  host: RemuxHost;
  openPackager: OpenPackager;
  log: Logger;
  /** Milliseconds that no setting of a clock changes. */
  now: () => number;
};

const CHECK_EVERY_MS = 500;
const PROVE_EVERY_MS = 2_000;
const PROVE_TIMEOUT_MS = 2_000;
/** One that makes nothing for so long gives its job up: another process may do better. */
const MOST_FRUITLESS_MS = 10_000;

/** One publisher's media from its home, packaged here for as long as the home wants it. */
export class PackageJob {
  readonly #deps: PackageJobDeps;
  readonly #request: NodeCallRequest<"hls.package">;
  readonly #pipe: IncomingPipe;
  readonly #program: LiveProgram;
  readonly #packager: JobPackager;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly ended: Promise<void>;
  readonly #end: () => void;
  #answeredAtMs: number;
  #fruitAtMs: number;
  #provenAtMs = Number.NEGATIVE_INFINITY;
  #isProving = false;
  #hasReported = false;
  #closing: Promise<void> | null = null;

  private constructor(
    deps: PackageJobDeps,
    request: NodeCallRequest<"hls.package">,
    pipe: IncomingPipe,
    assemble: AssemblePicture | null,
  ) {
    const { roomId, jobId, order } = request;
    this.#deps = deps;
    this.#request = request;
    this.#pipe = pipe;
    this.#log = deps.log.child({ roomId, jobId });
    this.#answeredAtMs = deps.now();
    this.#fruitAtMs = deps.now();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
    const video = pipe.tracks.find(({ kind }) => kind === "video");
    this.#program = new LiveProgram({
      ...{ host: deps.host, log: this.#log, now: deps.now },
      tracks: { pictures: video !== undefined, sound: pipe.tracks.length > Number(video !== undefined) },
      isTranscoded: video !== undefined && !/\/h264$/i.test(video.mimeType),
      onOutput: (chunk) => this.#packager.accept(SOURCE, chunk),
      onRestarted: () => this.#packager.restarted(),
      askForKeyFrame: () => video?.askForKeyFrame(),
      onFailed: (error) => void this.#giveUp(error),
    });
    const isTranscoded = () => this.#program.isTranscoded;
    this.#packager = deps.openPackager({ broadcastId: roomId, order, isTranscoded });
    void pipe.died.then(() => this.#giveUp(new FairleadError("no_capacity")));
    this.#timer = setInterval(() => void this.#check(), CHECK_EVERY_MS);
    for (const track of pipe.tracks) this.#listen(track, assemble);
  }

  /**
   * Takes a job.
   * @throws {FairleadError} `no_capacity`: it must be transcoded, and all places for that are taken; `media_rejected`; `invalid_request`.
   */
  static async start(deps: PackageJobDeps, request: NodeCallRequest<"hls.package">): Promise<PackageJob> {
    const pipe = await IncomingPipe.open(deps.worker, deps.reach, { ...request, owner: ownerOf(request) });
    try {
      const video = pipe.tracks.find(({ kind }) => kind === "video");
      const assemble = video ? assemblerOf(video.mimeType) : null;
      if (video && !assemble)
        throw new FairleadError("media_rejected", { message: `${video.mimeType} is not packaged` });
      return new PackageJob(deps, request, pipe, assemble);
    } catch (error) {
      pipe.close();
      throw error;
    }
  }

  get address(): PipeAddress {
    return this.#pipe.address;
  }

  get jobId(): string {
    return this.#request.jobId;
  }

  /** Of its ffmpegs. */
  get pids(): number[] {
    return this.#program.pids;
  }

  get isTranscoded(): boolean {
    return this.#program.isTranscoded;
  }

  get broadcastId(): string {
    return this.#request.roomId;
  }

  get run(): number {
    return this.#request.order.run;
  }

  /** Gives the job up, so that the home asks somebody else at once. Idempotent. @returns When nothing of it is left. */
  async leave(): Promise<void> {
    const { bus } = this.#deps;
    const { incarnation, roomId, jobId } = this.#request;
    if (!this.#closing)
      void callNode(bus, incarnation, "hls.leave", { roomId, jobId }, { timeoutMs: PROVE_TIMEOUT_MS }).catch(
        () => {},
      );
    await this.close();
  }

  /** Idempotent. @returns When nothing of it is left. */
  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#pipe.close();
    await this.#program.close();
    await this.#packager.close();
    this.#end();
  }

  async #giveUp(error: unknown): Promise<void> {
    if (this.#closing) return;
    this.#log.warn("job.given_up", error instanceof FairleadError ? { code: error.code } : { error });
    await this.leave();
  }

  #listen(track: IncomingTrack, assemble: AssemblePicture | null): void {
    const clock = new TrackClock(track.clockRate);
    const take = track.kind === "video" && assemble ? this.#pictures(clock, assemble) : this.#sounds(clock);
    void track.listen(take).catch((error) => this.#giveUp(error));
  }

  #pictures(clock: TrackClock, assemble: AssemblePicture): (packet: Buffer) => void {
    const reader = new PictureReader(assemble);
    return (packet) => {
      for (const picture of reader.take(packet, this.#deps.now()))
        this.#program.picture(picture, clock.read(picture.timestamp, picture.arrivedAtMs));
      if (reader.needsKey) this.#program.needKeyFrame();
    };
  }

  #sounds(clock: TrackClock): (packet: Buffer) => void {
    const order = new PacketOrder();
    return (bytes) => {
      const packet = readRtp(bytes);
      for (const { payload, timestamp, arrivedAtMs } of packet ? order.push(packet, this.#deps.now()) : [])
        this.#program.sound(payload, clock.read(timestamp, arrivedAtMs));
    };
  }

  async #check(): Promise<void> {
    const nowMs = this.#deps.now();
    // While the bus is away nobody can be asked, and media flows on.
    if (!this.#deps.bus.isConnected) this.#answeredAtMs = nowMs;
    const report = this.#packager.report();
    if (report) this.#fruitAtMs = nowMs;
    if (nowMs - this.#fruitAtMs > MOST_FRUITLESS_MS) return this.#giveUp(new FairleadError("internal"));
    if (nowMs - this.#answeredAtMs > PACKAGER_SILENT_MS) return this.#isOver("silent");
    const isFirstReport = report !== null && !this.#hasReported;
    const isDue = isFirstReport || nowMs - this.#provenAtMs >= PROVE_EVERY_MS - CHECK_EVERY_MS / 2;
    if (this.#isProving || !isDue) return;
    this.#isProving = true;
    this.#provenAtMs = nowMs;
    await this.#prove(report);
    this.#isProving = false;
  }

  async #prove(report: HlsReport | null): Promise<void> {
    const { bus, now } = this.#deps;
    const { incarnation, roomId, jobId } = this.#request;
    const options = { timeoutMs: PROVE_TIMEOUT_MS };
    try {
      const proof = { roomId, jobId, ...(report ? { report } : {}) };
      await callNode(bus, incarnation, "hls.prove", proof, options);
      this.#answeredAtMs = now();
      this.#hasReported ||= report !== null;
    } catch (error) {
      if (error instanceof FairleadError && error.code === "session_gone") await this.#isOver("session_gone");
    }
  }

  async #isOver(why: "session_gone" | "silent"): Promise<void> {
    if (!this.#closing) this.#log.info("job.over", { why });
    await this.close();
  }
}

/** In the ledger a job is its process's publisher. */
function ownerOf({ roomId, jobId }: NodeCallRequest<"hls.package">) {
  return { core: 0, roomId, publisherId: jobId };
}
