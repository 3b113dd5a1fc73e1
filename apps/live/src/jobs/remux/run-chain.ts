import { FairleadError } from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import type { Children } from "../../encoder/children.ts";
import type { Sandbox } from "../../encoder/sandbox.ts";
import { Remuxer, type RemuxerEnd } from "./remuxer.ts";

export type RunChainOptions = {
  ffmpeg: string;
  sandbox: Sandbox;
  children: Pick<Children, "watch">;
  log: Logger;
  now: () => number;
  onOutput: (chunk: Buffer) => void;
  /** What comes now is another run's. */
  onRestarted: () => void;
  /** The run that was fed has ended by itself. */
  onDied: () => void;
  /** It died as often as it may. */
  onGaveUp: (error: FairleadError) => void;
};

const MOST_DEATHS = 5;
const DEATHS_WITHIN_MS = 60_000;
/** For each death, before the next start. */
const PAUSE_MS = 200;
/** One that gets nothing any more ends within this. */
const FINISH_MS = 2_000;

/** ffmpegs that follow one another: the output of each is whole before the next one's begins, and nothing is lost between them. */
export class RunChain {
  readonly #options: RunChainOptions;
  #current: Remuxer | null = null;
  #finishing: { remuxer: Remuxer; sinceMs: number } | null = null;
  #deathsAtMs: number[] = [];
  #pausedUntilMs = 0;
  /** Those that did not end by themselves. */
  #killed: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: RunChainOptions) {
    this.#options = options;
  }

  /** After a death there is a pause. */
  get mayBegin(): boolean {
    return !this.#isClosed && this.#options.now() >= this.#pausedUntilMs;
  }

  /** Of the ffmpegs that belong to it. */
  get pids(): number[] {
    const pids = [this.#current?.pid, this.#finishing?.remuxer.pid];
    return pids.filter((pid) => pid !== undefined);
  }

  /** What is written goes to it from now on. @throws {Error} The system starts no program. */
  begin(args: readonly string[]): void {
    const { now, onOutput } = this.#options;
    if (this.#current) {
      this.#endFinishing();
      this.#current.finish();
      this.#finishing = { remuxer: this.#current, sinceMs: now() };
      this.#current = null;
    }
    const onEnded = (end: RemuxerEnd) => this.#onEnded(remuxer, end);
    const isHeld = this.#finishing !== null;
    const remuxer: Remuxer = new Remuxer({ ...this.#options, args, onOutput, onEnded, isHeld });
    this.#current = remuxer;
  }

  write(bytes: Buffer): void {
    this.#current?.write(bytes);
  }

  /** Called some times a second. */
  tick(): void {
    const sinceMs = this.#finishing?.sinceMs ?? this.#options.now();
    if (this.#options.now() - sinceMs > FINISH_MS) this.#endFinishing();
  }

  /** Idempotent. @returns When no process is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const ending = [this.#current?.close(), this.#finishing?.remuxer.close(), this.#killed];
    this.#current = null;
    this.#finishing = null;
    await Promise.all(ending);
  }

  #endFinishing(): void {
    if (!this.#finishing) return;
    this.#killed = Promise.all([this.#killed, this.#finishing.remuxer.close()]);
    this.#onFinished();
  }

  #onFinished(): void {
    this.#finishing = null;
    this.#options.onRestarted();
    this.#current?.release();
  }

  #onEnded(remuxer: Remuxer, end: RemuxerEnd): void {
    if (remuxer === this.#finishing?.remuxer) this.#onFinished();
    if (remuxer !== this.#current) return;
    this.#current = null;
    const { log, now, onDied, onRestarted, onGaveUp } = this.#options;
    this.#deathsAtMs = [...this.#deathsAtMs, now()].filter((atMs) => now() - atMs < DEATHS_WITHIN_MS);
    const isOver = this.#deathsAtMs.length > MOST_DEATHS;
    log[isOver ? "error" : "warn"]("packager.ffmpeg_ended", { ...end, isStartedAgain: !isOver });
    this.#pausedUntilMs = now() + PAUSE_MS * this.#deathsAtMs.length;
    onRestarted();
    if (isOver) onGaveUp(new FairleadError("internal", { message: "ffmpeg can't read this stream" }));
    else onDied();
  }
}
