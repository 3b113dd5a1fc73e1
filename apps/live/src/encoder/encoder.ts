import { type ChildProcess, spawn } from "node:child_process";
import type { Logger, Metrics } from "@fairlead/telemetry";
import { WordedRefusal } from "../rtmp/refusal-words.ts";
import type { Children } from "./children.ts";
import { FlvWriter } from "./flv-writer.ts";
import { descriptorOf } from "./hls-args.ts";
import type { MediaTag } from "./media-tag.ts";
import type { Sandbox } from "./sandbox.ts";

export type EncoderOptions = {
  /** The executable. */
  ffmpeg: string;
  sandbox: Sandbox;
  children: Children;
  metrics: Metrics;
  /** Asked at each start. @param deaths Of the last minute. */
  plan: (deaths: number) => EncoderPlan;
  /** Of the tracks that there are. */
  headers: { video: MediaTag | null; audio: MediaTag | null };
  log: Logger;
  now: () => number;
  /** It was started as often as it may be, and ended each time. */
  onGaveUp: (refusal: WordedRefusal) => void;
};

/** One run of the program. `renditions`: what it writes besides RTP; null: nothing. */
export type EncoderPlan = { args: readonly string[]; renditions?: RenditionSink | null };

/** Takes the fragmented MP4 of renditions. It waits for nobody: ffmpeg would wait for it. */
export type RenditionSink = {
  /** In the order of their descriptors. */
  names: readonly string[];
  accept(name: string, chunk: Uint8Array): void;
  /** The program was started anew. */
  restarted(): void;
};

/** Waiting to be read by ffmpeg: more, or anything for longer, means that it hangs or is of no use live. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;
const MOST_WAITING_MS = 3_000;
/** Until it has read for the first time: a busy machine starts a program slowly. */
const MOST_STARTING_MS = 10_000;
/** Between two frames. A longer pause is this process's own standstill, or its encoder's, in which ffmpeg may have read all. */
const LONGEST_STEP_MS = 250;
const MOST_DEATHS = 5;
const DEATHS_WITHIN_MS = 60_000;
/** For each death, before the next start. */
const PAUSE_MS = 200;
const LAST_WORDS = 2_000;

/**
 * One ffmpeg, started anew when it ends: it gets the decoders' headers again, and what follows from the next key frame on.
 */
export class Encoder {
  readonly #options: EncoderOptions;
  #child: ChildProcess;
  #flv = new FlvWriter();
  #waitsForKey = false;
  #isClosed = false;
  /** For how long ffmpeg has not read all, as far as this process looked; null while it keeps up. */
  #behindMs: number | null = null;
  #wroteAtMs = 0;
  /** The present ffmpeg has read more than fits into a pipe. */
  #hasRead = false;
  #deathsAtMs: number[] = [];
  #pause: NodeJS.Timeout | undefined;

  /** @throws {Error} The system starts no program. */
  constructor(options: EncoderOptions) {
    this.#options = options;
    this.#child = this.#start();
  }

  /** undefined: it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether something waits to be read. */
  get isBehind(): boolean {
    return this.#behindMs !== null;
  }

  /** @returns Whether ffmpeg gets it. */
  write(tag: MediaTag): boolean {
    const { stdin } = this.#child;
    if (this.#isClosed || !stdin?.writable || (this.#waitsForKey && !tag.isKey)) return false;
    this.#waitsForKey = false;
    const nowMs = this.#options.now();
    const passedMs = Math.min(nowMs - this.#wroteAtMs, LONGEST_STEP_MS);
    this.#wroteAtMs = nowMs;
    if (this.#behindMs !== null) this.#behindMs += passedMs;
    if (!stdin.write(this.#flv.tag(tag))) this.#behindMs ??= 0;
    if ((this.#behindMs ?? 0) > this.#patienceMs || stdin.writableLength > MOST_WAITING_BYTES)
      this.#child.kill("SIGKILL");
    return true;
  }

  /** The longer the more often it was in vain: where the machine is overloaded, each start is a load more. */
  get #patienceMs(): number {
    return (this.#hasRead ? MOST_WAITING_MS : MOST_STARTING_MS) * (1 + this.#deathsAtMs.length);
  }

  /** Idempotent. @returns When its process is gone. */
  close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#pause);
    return end(this.#child);
  }

  #start(): ChildProcess {
    const { ffmpeg, sandbox, headers } = this.#options;
    const { args, renditions = null } = this.#options.plan(this.#deathsAtMs.length);
    const [program = ffmpeg, ...rest] = [...sandbox.command, ffmpeg, ...args];
    const user = sandbox.user === null ? {} : { uid: sandbox.user, gid: sandbox.user };
    const child = spawn(program, rest, { cwd: "/", env: {}, stdio: stdioFor(renditions), ...user });
    this.#options.children.watch(child);
    if (renditions) this.#read(child, renditions);
    let lastWords = "";
    child.stderr?.on("data", (said: Buffer) => {
      lastWords = `${lastWords}${said}`.slice(-LAST_WORDS);
    });
    // Its end is told by `close`.
    child.stdin?.on("error", () => {});
    this.#behindMs = null;
    this.#hasRead = false;
    child.stdin?.on("drain", () => {
      this.#hasRead = true;
      this.#behindMs = null;
    });
    child.on("error", (error) => this.#options.log.error("encoder.failed", { error }));
    child.on("close", (exitCode, signal) => this.#onEnd({ exitCode, signal, lastWords }));
    this.#flv = new FlvWriter();
    this.#waitsForKey = headers.video !== null;
    child.stdin?.write(this.#flv.header({ audio: headers.audio !== null, video: headers.video !== null }));
    for (const header of [headers.video, headers.audio])
      if (header) child.stdin?.write(this.#flv.tag(header));
    return child;
  }

  #read(child: ChildProcess, renditions: RenditionSink): void {
    renditions.restarted();
    renditions.names.forEach((name, index) => {
      child.stdio[descriptorOf(index)]?.on("error", () => {});
      // What a child leaves behind comes after its end, and no frame of the next one follows it.
      child.stdio[descriptorOf(index)]?.on("data", (chunk: Buffer) => {
        if (child === this.#child && !this.#isClosed) renditions.accept(name, chunk);
      });
    });
  }

  #onEnd(end: { exitCode: number | null; signal: string | null; lastWords: string }): void {
    if (this.#isClosed) return;
    const { log, metrics, now, onGaveUp } = this.#options;
    metrics.count("encoder.ended");
    this.#deathsAtMs = [...this.#deathsAtMs, now()].filter((atMs) => now() - atMs < DEATHS_WITHIN_MS);
    const isOver = this.#deathsAtMs.length > MOST_DEATHS;
    log[isOver ? "error" : "warn"]("encoder.ended", { ...end, isStartedAgain: !isOver });
    if (isOver) onGaveUp(new WordedRefusal("media_rejected", "The server can't read this stream."));
    else this.#pause = setTimeout(() => this.#startAgain(), PAUSE_MS * this.#deathsAtMs.length);
  }

  #startAgain(): void {
    try {
      this.#child = this.#start();
    } catch (error) {
      this.#options.log.error("encoder.failed", { error });
      this.#options.onGaveUp(
        new WordedRefusal(
          "no_capacity",
          "The server can't go on with this stream now. Try again in a moment.",
        ),
      );
    }
  }
}

function stdioFor(renditions: RenditionSink | null): ("pipe" | "ignore")[] {
  const [source, ...rungs] = renditions?.names ?? [];
  return ["pipe", source === undefined ? "ignore" : "pipe", "pipe", ...rungs.map(() => "pipe" as const)];
}

function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.stdin?.destroy();
    child.kill("SIGKILL");
  });
}
