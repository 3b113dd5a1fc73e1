import { FairleadError } from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import type { Children } from "../../encoder/children.ts";
import type { EncoderHost } from "../../encoder/ingest-stream.ts";
import type { Picture, PictureFormat } from "../rtp/picture.ts";
import type { TimedPicture } from "../rtp/picture-reader.ts";
import { blackPicture } from "./black-picture.ts";
import { MatroskaWriter } from "./matroska-writer.ts";
import { fits, type PictureLimits, wayOf } from "./picture-way.ts";
import { type PictureWay, remuxArgs } from "./remux-args.ts";
import { RunChain } from "./run-chain.ts";
import { SoundLine } from "./sound-line.ts";

/** What the programmes of one process share. */
export type RemuxHost = Pick<EncoderHost, "ffmpeg" | "sandbox" | "transcodes" | "threadsPerTranscode"> & {
  children: Pick<Children, "watch">;
  limits: PictureLimits;
};

export type LiveProgramOptions = {
  host: RemuxHost;
  tracks: { pictures: boolean; sound: boolean };
  /** Whatever comes, its pictures must be encoded anew. */
  isTranscoded: boolean;
  log: Logger;
  now: () => number;
  /** Fragmented MP4. */
  onOutput: (chunk: Uint8Array) => void;
  /** What comes now is another run's. */
  onRestarted: () => void;
  askForKeyFrame: () => void;
  /** Its owner closes it. */
  onFailed: (error: unknown) => void;
};

type Run = {
  writer: MatroskaWriter;
  /** null: sound alone. */
  format: PictureFormat | null;
  way: PictureWay;
  /** Nothing that was made before it belongs here. */
  zeroMs: number;
  pictureMs: number;
  isBlack: boolean;
};

const TICK_MS = 50;
/** A sender may change its format each time it is asked for a key frame, and each change costs a start of ffmpeg. */
const RUN_MS = 2_000;
/** Segments end at key frames. */
const KEY_FRAME_MS = 2_000;
const ASK_AGAIN_MS = 500;
/** A screen that does not change sends little: it answers when it is asked for a key frame, a camera that is off does not. */
const ASK_WHEN_SILENT_MS = 1_000;
const BLACK_WHEN_SILENT_MS = 3_000;
/** Each one is a key frame, and so begins a part. */
const BLACK_EVERY_MS = 330;
const BLACK_SIZE = { width: 1_280, height: 720 };

/**
 * One publisher's pictures and sound as fragmented MP4. It always has the same tracks: a microphone that is muted is silent, a camera that is off is black.
 * Where the sender begins to send another format, a run of ffmpeg ends and the next begins, with that key frame.
 */
export class LiveProgram {
  readonly #options: LiveProgramOptions;
  readonly #chain: RunChain;
  readonly #sound: SoundLine;
  readonly #timer: NodeJS.Timeout;
  #run: Run | null = null;
  #runBeganAtMs = Number.NEGATIVE_INFINITY;
  #needsKey = true;
  #keyAtMs = 0;
  #askedAtMs = 0;
  #pictureAtMs: number;
  #lastTimestamp: number | null = null;
  #hasBFrames = false;
  #size: { width: number; height: number } | null = null;
  #leaveTranscodes: (() => void) | null = null;
  #black: Picture | null = null;
  #makingBlack: Promise<void> | null = null;
  #isClosed = false;

  /** @throws {FairleadError} `no_capacity`. */
  constructor(options: LiveProgramOptions) {
    const { host, tracks, now } = options;
    this.#options = options;
    if (options.isTranscoded) this.#enterTranscodes();
    this.#pictureAtMs = now();
    this.#chain = new RunChain({
      ...options,
      ...host,
      onDied: () => this.#onDied(),
      onGaveUp: (error) => this.#fail(error),
    });
    this.#sound = new SoundLine({
      isFed: tracks.sound,
      write: (packet, atMs) => this.#writeSound(packet, atMs),
      onGap: () => {
        this.#run = null;
      },
    });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  get pids(): number[] {
    return this.#chain.pids;
  }

  get isTranscoded(): boolean {
    return this.#run?.way.isTranscoded ?? this.#leaveTranscodes !== null;
  }

  /** Pictures were lost, and what follows refers to them. */
  needKeyFrame(): void {
    this.#needsKey = true;
  }

  /** @param atMs When it was made. */
  picture(picture: TimedPicture, atMs: number): void {
    if (this.#isClosed) return;
    const nowMs = this.#options.now();
    // Before the first tick after a standstill: it does not belong to the run before.
    if (this.#run) this.#sound.fill(nowMs);
    this.#pictureAtMs = nowMs;
    if (picture.key && isTooLarge(picture.key, this.#options.host.limits)) {
      this.needKeyFrame();
      return;
    }
    this.#noteOrder(picture);
    if (picture.key) this.#keyAtMs = nowMs;
    if (picture.key && !this.#goesOn(picture.key)) this.#changeTo(picture.key, atMs);
    const run = this.#run;
    if (!run || run.isBlack || (this.#needsKey && !picture.key)) return;
    this.#needsKey = false;
    this.#writePicture(run, picture, atMs);
  }

  /** @param atMs When it was made. */
  sound(packet: Buffer, atMs: number): void {
    this.#sound.take(packet, atMs);
  }

  /** Idempotent. @returns When no process is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#run = null;
    this.#leaveTranscodes?.();
    this.#leaveTranscodes = null;
    await Promise.all([this.#chain.close(), this.#makingBlack]);
  }

  #tick(): void {
    const nowMs = this.#options.now();
    this.#chain.tick();
    if (!this.#options.tracks.pictures && !this.#run && this.#chain.mayBegin) this.#begin(null, nowMs);
    if (this.#run) this.#sound.fill(nowMs);
    if (this.#options.tracks.pictures) this.#mindPictures(nowMs);
  }

  #mindPictures(nowMs: number): void {
    const silentMs = nowMs - this.#pictureAtMs;
    const run = this.#run;
    const isKeyDue = !run || run.isBlack || this.#needsKey || silentMs >= ASK_WHEN_SILENT_MS;
    const isSegmentDue = run?.way.isTranscoded === false && nowMs - this.#keyAtMs >= KEY_FRAME_MS;
    if ((isKeyDue || isSegmentDue) && nowMs - this.#askedAtMs >= ASK_AGAIN_MS) {
      this.#askedAtMs = nowMs;
      this.#options.askForKeyFrame();
    }
    if (silentMs < BLACK_WHEN_SILENT_MS) return;
    if (run?.isBlack && this.#black) this.#repeatBlack(run, this.#black, nowMs);
    else if (!run?.isBlack && this.#mayChange)
      this.#makingBlack ??= this.#beginBlack().finally(() => {
        this.#makingBlack = null;
      });
  }

  #repeatBlack(run: Run, black: Picture, nowMs: number): void {
    const dueMs = run.pictureMs + BLACK_EVERY_MS;
    if (nowMs >= dueMs) this.#writePicture(run, black, dueMs);
  }

  async #beginBlack(): Promise<void> {
    const size = this.#size ?? this.#run?.format ?? BLACK_SIZE;
    this.#black = await blackPicture(this.#options.host, size);
    const nowMs = this.#options.now();
    const isStillSilent = nowMs - this.#pictureAtMs >= BLACK_WHEN_SILENT_MS;
    if (!this.#black?.key || !isStillSilent || !this.#mayChange) return;
    this.#begin(this.#black.key, nowMs, { isBlack: true });
    if (this.#run) this.#writePicture(this.#run, this.#black, nowMs);
  }

  /** What is shown at another time than its turn to be decoded can't be passed on: nobody knows its times. */
  #noteOrder({ timestamp, key }: TimedPicture): void {
    const isBack = this.#lastTimestamp !== null && ((timestamp - this.#lastTimestamp) | 0) < 0;
    this.#lastTimestamp = timestamp;
    if (key || !isBack || this.#hasBFrames || this.#run?.format?.codec !== "h264") return;
    this.#hasBFrames = true;
    this.#needsKey = true;
  }

  #goesOn(format: PictureFormat): boolean {
    const run = this.#run;
    if (!run?.format || run.isBlack || !fits(run.format, format, this.#size)) return false;
    return run.way.isTranscoded || !this.#hasBFrames;
  }

  get #mayChange(): boolean {
    return this.#chain.mayBegin && !this.#isClosed && this.#options.now() - this.#runBeganAtMs >= RUN_MS;
  }

  #changeTo(format: PictureFormat, atMs: number): void {
    // What it sends meanwhile can't be read with the format before.
    if (this.#run && !this.#mayChange) this.#needsKey = true;
    else if (this.#chain.mayBegin) this.#begin(format, atMs);
  }

  #begin(format: PictureFormat | null, atMs: number, { isBlack } = { isBlack: false }): void {
    try {
      const way = format && !isBlack ? this.#chooseWay(format) : ({ isTranscoded: false } as const);
      this.#chain.begin(remuxArgs(format?.codec ?? null, way));
      const writer = new MatroskaWriter();
      this.#chain.write(writer.header(format));
      this.#run = { writer, format, way, zeroMs: atMs, pictureMs: atMs - 1, isBlack };
      this.#runBeganAtMs = this.#options.now();
      this.#needsKey = false;
      this.#sound.begin(atMs);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @throws {FairleadError} `no_capacity`: it would have to be transcoded, and all places for that are taken. */
  #chooseWay(format: PictureFormat): PictureWay {
    const way = wayOf(format, this.#options.host, { hasBFrames: this.#hasBFrames, before: this.#size });
    if (!way.isTranscoded) return way;
    this.#size = { width: way.width, height: way.height };
    this.#enterTranscodes();
    return way;
  }

  #enterTranscodes(): void {
    this.#leaveTranscodes ??= this.#options.host.transcodes.enter();
    if (!this.#leaveTranscodes)
      throw new FairleadError("no_capacity", { message: "all places for transcoding are taken" });
  }

  #writePicture(run: Run, { bytes, key }: Picture, atMs: number): void {
    const isInOrder = !this.#hasBFrames || run.isBlack;
    const dueMs = isInOrder ? Math.max(atMs, run.pictureMs + 1) : atMs;
    run.pictureMs = dueMs;
    this.#chain.write(run.writer.picture(bytes, { atMs: dueMs - run.zeroMs, isKey: key !== null }));
  }

  #writeSound(packet: Buffer, atMs: number): void {
    const run = this.#run;
    if (run && atMs >= run.zeroMs) this.#chain.write(run.writer.sound(packet, atMs - run.zeroMs));
  }

  #onDied(): void {
    this.#run = null;
    this.#runBeganAtMs = Number.NEGATIVE_INFINITY;
    this.#needsKey = true;
    this.#askedAtMs = 0;
  }

  #fail(error: unknown): void {
    if (!this.#isClosed) this.#options.onFailed(error);
  }
}

/** What is larger costs more to decode than a picture of ours is worth. */
function isTooLarge({ width, height }: PictureFormat, { longSide, shortSide }: PictureLimits): boolean {
  return Math.max(width, height) > 2 * longSide || Math.min(width, height) > 2 * shortSide;
}
