import type { Logger, Metrics } from "@fairlead/telemetry";
import type { OpenedIngest } from "../ingest/open-ingest.ts";
import { WordedRefusal } from "../rtmp/refusal-words.ts";
import type { Children } from "./children.ts";
import { Encoder, type RenditionSink } from "./encoder.ts";
import {
  ffmpegArgs,
  isCopied,
  packetsOf,
  transcodedBitrateBps,
  transcodedProfileLevelId,
  type VideoWay,
} from "./ffmpeg-args.ts";
import { hlsArgs } from "./hls-args.ts";
import { type HlsPlan, planHls, type Rung } from "./hls-plan.ts";
import { type MediaTag, readMediaTag } from "./media-tag.ts";
import type { Places } from "./places.ts";
import type { Sps } from "./read-sps.ts";
import { RtpPath } from "./rtp-path.ts";
import type { Sandbox } from "./sandbox.ts";
import { checkPicture, readConfig, StreamBounds, type StreamLimits } from "./stream-bounds.ts";
import { StreamHealth } from "./stream-health.ts";
import { WaitingFrames } from "./waiting-frames.ts";

/** What the streams of one process share. */
export type EncoderHost = {
  ffmpeg: string;
  sandbox: Sandbox;
  children: Children;
  metrics: Metrics;
  limits: StreamLimits;
  transcodes: Places;
  threadsPerTranscode: number;
  /** Of HLS, besides the source. */
  ladder?: readonly Rung[];
  /** Milliseconds that no setting of a clock changes. */
  now: () => number;
};

export type IngestStreamOptions = {
  host: EncoderHost;
  opened: OpenedIngest;
  log: Logger;
  /** The stream can't go on, and says why. Its owner closes it. */
  onRefused: (error: unknown) => void;
};

/** Of one connection. */
const MOST_RESTARTS = 20;
/** Encoders send both headers first of all; one that sends no second track within this has none, ms. */
const OTHER_TRACK_MS = 1_000;
const HEALTH_MS = 1_000;
/** An ffmpeg that ends so often within a minute goes on without HLS: what its MP4 can't carry, RTP may. */
const MOST_DEATHS_WITH_HLS = 2;

type RtpPaths = { video: RtpPath | null; audio: RtpPath | null };

type State =
  | { state: "waiting"; frames: WaitingFrames; isStarting: boolean }
  | { state: "running"; encoder: Encoder; paths: RtpPaths; way: VideoWay }
  | { state: "closed" };

/** One publisher's stream, from messages of RTMP to an ffmpeg that sends it on as RTP. */
export class IngestStream {
  readonly #options: IngestStreamOptions;
  readonly #bounds: StreamBounds;
  readonly #health: StreamHealth;
  readonly #timer: NodeJS.Timeout;
  #state: State = { state: "waiting", frames: new WaitingFrames(), isStarting: false };
  #headers: { video: MediaTag | null; audio: MediaTag | null } = { video: null, audio: null };
  #sps: Sps | null = null;
  #isFirstPictureSeen = false;
  #firstHeaderAtMs: number | null = null;
  #leaveTranscodes: (() => void) | null = null;
  #leaveHls: (() => void) | null = null;
  #restarts = 0;
  #closing: Promise<void> = Promise.resolve();

  constructor(options: IngestStreamOptions) {
    this.#options = options;
    const { limits, now } = options.host;
    this.#bounds = new StreamBounds(limits, now);
    this.#health = new StreamHealth(now);
    this.#timer = setInterval(
      () => options.opened.noteHealth(this.#health.read({ isTranscoded: this.isTranscoded, sps: this.#sps })),
      HEALTH_MS,
    );
  }

  get isTranscoded(): boolean {
    return this.#leaveTranscodes !== null;
  }

  /** undefined before there is one. */
  get pid(): number | undefined {
    return this.#state.state === "running" ? this.#state.encoder.pid : undefined;
  }

  /** @throws {WordedRefusal} What came is not taken. */
  take(message: { type: number; timestampMs: number; bytes: Buffer }): void {
    const tag = this.#state.state === "closed" ? null : readMediaTag(message);
    if (!tag) return;
    this.#bounds.check(tag);
    if (tag.kind === "video" && tag.part === "frame") {
      // Nobody could decode it.
      if (!this.#headers.video) return;
      checkPicture(tag, this.#headers.video, this.#options.host.limits);
    }
    const hadBFrames = this.#health.hasBFrames;
    this.#health.note(tag);
    const isOtherConfig = tag.part === "header" && this.#noteHeader(tag);
    if (tag.kind === "video" && tag.part === "frame") this.#isFirstPictureSeen = true;
    const beginsBFrames = this.#health.hasBFrames && !hadBFrames;
    if (this.#state.state === "waiting") this.#wait(this.#state, tag);
    else if (this.#state.state !== "running") return;
    else if (isOtherConfig || beginsBFrames) this.#restart(this.#state);
    else if (tag.part === "frame") this.#write(this.#state, tag);
  }

  /** Idempotent. @returns When nothing of it is left in the process table. */
  close(): Promise<void> {
    if (this.#state.state === "closed") return this.#closing;
    clearInterval(this.#timer);
    if (this.#state.state === "running") {
      this.#closing = this.#state.encoder.close();
      closePaths(this.#state.paths);
    }
    this.#state = { state: "closed" };
    this.#leaveTranscodes?.();
    this.#leaveTranscodes = null;
    this.#leaveHls?.();
    this.#leaveHls = null;
    return this.#closing;
  }

  /** @returns Whether a stream that has begun goes on with another configuration. */
  #noteHeader(tag: MediaTag): boolean {
    const before = this.#headers[tag.kind];
    if (before?.bytes.equals(tag.bytes)) return false;
    if (tag.kind === "video") this.#sps = readConfig(tag, this.#options.host.limits);
    this.#firstHeaderAtMs ??= this.#options.host.now();
    // A track that comes when the stream has begun without it is not waited for.
    if (this.#state.state === "running" && !this.#state.paths[tag.kind]) return false;
    this.#headers = { ...this.#headers, [tag.kind]: tag };
    return before !== null;
  }

  #wait(waiting: State & { state: "waiting" }, tag: MediaTag): void {
    if (tag.part === "frame" && waiting.isStarting) waiting.frames.pushNewest(tag);
    else if (tag.part === "frame") waiting.frames.push(tag);
    if (waiting.isStarting || !this.#isReady()) return;
    waiting.isStarting = true;
    this.#begin(waiting).catch((error) => this.#options.onRefused(error));
  }

  #isReady(): boolean {
    const { video, audio } = this.#headers;
    if (this.#firstHeaderAtMs === null || (video && !this.#isFirstPictureSeen)) return false;
    const waitedMs = this.#options.host.now() - this.#firstHeaderAtMs;
    return (video !== null && audio !== null) || waitedMs >= OTHER_TRACK_MS;
  }

  async #begin(waiting: State & { state: "waiting" }): Promise<void> {
    const headers = this.#headers;
    const way = this.#chooseWay();
    const profileLevelId =
      this.#sps && (way.isTranscoded ? transcodedProfileLevelId(this.#sps) : this.#sps.profileLevelId);
    const targets = await this.#options.opened.start({
      video: headers.video && profileLevelId ? { profileLevelId } : null,
      audio: headers.audio !== null,
    });
    this.#runAfter(waiting, await openPaths(targets));
  }

  /** @throws {Error} It does not run, and its paths are closed. */
  #runAfter(waiting: State & { state: "waiting" }, paths: RtpPaths): void {
    if (this.#state !== waiting) {
      closePaths(paths);
      return;
    }
    try {
      const running = this.#run(paths);
      for (const tag of waiting.frames.all()) this.#write(running, tag);
    } catch (error) {
      closePaths(paths);
      throw error;
    }
  }

  #write({ encoder, paths, way }: State & { state: "running" }, tag: MediaTag): void {
    const path = paths[tag.kind];
    if (!path) return;
    if (encoder.write(tag)) path.noteWritten(packetsOf(tag, way));
    else this.#health.noteDropped(tag);
  }

  /** Another configuration, or pictures that begin to refer to later ones. */
  #restart({ encoder, paths }: State & { state: "running" }): void {
    this.#restarts += 1;
    if (this.#restarts > MOST_RESTARTS)
      throw new WordedRefusal(
        "media_rejected",
        "The encoder changes its settings too often. Start it again.",
      );
    // The next one sends from the same port.
    this.#state = { state: "waiting", frames: new WaitingFrames(), isStarting: true };
    const waiting = this.#state;
    this.#closing = encoder.close();
    this.#closing.then(() => this.#runAfter(waiting, paths)).catch(this.#options.onRefused);
  }

  #run(paths: RtpPaths): State & { state: "running" } {
    const { host, log, onRefused } = this.#options;
    const way = this.#chooseWay();
    const hls = this.#planHls();
    const headers = {
      video: paths.video && this.#headers.video,
      audio: paths.audio && this.#headers.audio,
    };
    const tracks = { video: paths.video !== null, audio: paths.audio !== null };
    const plan = (deaths: number) => {
      const rtp = { video: paths.video?.beginRun() ?? null, audio: paths.audio?.beginRun() ?? null };
      const renditions = this.#renditionsOf(deaths <= MOST_DEATHS_WITH_HLS ? hls : null);
      const rest = hls && renditions ? hlsArgs(hls, tracks) : [];
      return { args: [...ffmpegArgs(rtp, way), ...rest], renditions };
    };
    const encoder = new Encoder({ ...host, plan, headers, log, onGaveUp: onRefused });
    const running = { state: "running", encoder, paths, way } as const;
    this.#state = running;
    return running;
  }

  #renditionsOf(plan: HlsPlan | null): RenditionSink | null {
    const { hls } = this.#options.opened;
    if (!plan) hls?.stopped();
    return plan && hls ? { ...hls, names: plan.renditions.map(({ name }) => name) } : null;
  }

  /** @returns null: there is no HLS of this stream now. */
  #planHls(): HlsPlan | null {
    const { host, opened, log } = this.#options;
    this.#leaveHls?.();
    this.#leaveHls = null;
    if (!opened.hls) return null;
    const { ladder = [], transcodes, threadsPerTranscode: threads } = host;
    const planned = planHls({ sps: this.#sps, frameMs: this.#health.frameMs, ladder, transcodes, threads });
    this.#leaveHls = planned?.leave ?? null;
    const renditions = planned?.plan.renditions ?? [];
    opened.hls.noteEncoded(renditions.flatMap(({ name, way }) => (way.isTranscoded ? { name, ...way } : [])));
    if (!planned) log.warn("hls.no_capacity");
    return planned?.plan ?? null;
  }

  /** @throws {WordedRefusal} It would have to be transcoded, and all places for that are taken. */
  #chooseWay(): VideoWay {
    const { transcodes, threadsPerTranscode } = this.#options.host;
    if (!this.#sps || isCopied(this.#sps, this.#health.hasBFrames)) return { isTranscoded: false };
    this.#leaveTranscodes ??= transcodes.enter();
    if (!this.#leaveTranscodes)
      throw new WordedRefusal(
        "no_capacity",
        "This server encodes as many streams anew as it can. Turn B-frames off in the encoder (0 B-frames, profile baseline or main).",
      );
    return { isTranscoded: true, bitrateBps: transcodedBitrateBps(this.#sps), threads: threadsPerTranscode };
  }
}

async function openPaths(targets: Awaited<ReturnType<OpenedIngest["start"]>>): Promise<RtpPaths> {
  const video = targets.video && (await RtpPath.open(targets.video));
  try {
    return { video, audio: targets.audio && (await RtpPath.open(targets.audio)) };
  } catch (error) {
    video?.close();
    throw error;
  }
}

function closePaths({ video, audio }: RtpPaths): void {
  video?.close();
  audio?.close();
}
