import { type ChildProcess, spawn } from "node:child_process";
import type { Children } from "../../encoder/children.ts";
import type { Sandbox } from "../../encoder/sandbox.ts";

export type RemuxerOptions = {
  /** The executable. */
  ffmpeg: string;
  sandbox: Sandbox;
  children: Pick<Children, "watch">;
  args: readonly string[];
  now: () => number;
  onOutput: (chunk: Buffer) => void;
  /** It has ended, and all that it said is there. Not called after `close`. */
  onEnded: (end: RemuxerEnd) => void;
};

export type RemuxerEnd = { exitCode: number | null; signal: string | null; lastWords: string };

/** Parts come each third of a second: an ffmpeg that is fed and says nothing for so long hangs. */
const MOST_SILENT_MS = 2_000;
/** The first one also takes its start, on a host that is busy. */
const MOST_SILENT_AT_START_MS = 10_000;
/** Between two pieces that it is fed: sound comes more often, and a standstill of this process is not the child's. */
const MOST_COUNTED_MS = 500;
const MOST_WAITING_BYTES = 16 * 1024 * 1024;
const LAST_WORDS = 2_000;

/** One run of ffmpeg, from Matroska to fragmented MP4. */
export class Remuxer {
  readonly #options: RemuxerOptions;
  readonly #child: ChildProcess;
  #hasSpoken = false;
  #isClosed = false;
  /** For how long it has been fed and said nothing. */
  #silentMs = 0;
  #fedAtMs: number | null = null;

  /** @param options.isHeld Its output waits for `release`: the run before it has not ended. @throws {Error} The system starts no program. */
  constructor(options: RemuxerOptions & { isHeld: boolean }) {
    this.#options = options;
    const { ffmpeg, sandbox, args } = options;
    const [program = ffmpeg, ...rest] = [...sandbox.command, ffmpeg, ...args];
    const user = sandbox.user === null ? {} : { uid: sandbox.user, gid: sandbox.user };
    const child = spawn(program, rest, { cwd: "/", env: {}, stdio: ["pipe", "pipe", "pipe"], ...user });
    this.#child = child;
    options.children.watch(child);
    let lastWords = "";
    child.stderr?.on("data", (said: Buffer) => {
      lastWords = `${lastWords}${said}`.slice(-LAST_WORDS);
    });
    // Its end is told by `close`.
    child.stdin?.on("error", () => {});
    child.on("error", (error) => {
      lastWords ||= error.message;
    });
    child.on("close", (exitCode, signal) => {
      if (!this.#isClosed) options.onEnded({ exitCode, signal, lastWords });
    });
    if (!options.isHeld) this.release();
  }

  /** undefined: it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Its output comes from now on, what it said until now first. */
  release(): void {
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.#silentMs = 0;
      this.#hasSpoken = true;
      this.#options.onOutput(chunk);
    });
  }

  write(bytes: Buffer): void {
    const { stdin } = this.#child;
    if (!stdin?.writable) return;
    stdin.write(bytes);
    const nowMs = this.#options.now();
    this.#silentMs += Math.min(nowMs - (this.#fedAtMs ?? nowMs), MOST_COUNTED_MS);
    this.#fedAtMs = nowMs;
    if (this.#hangs(stdin.writableLength)) this.#child.kill("SIGKILL");
  }

  /** No more comes: it writes what it has, and ends. */
  finish(): void {
    this.#child.stdin?.end();
  }

  /** Nothing of it is told any more. Idempotent. @returns When its process is gone. */
  close(): Promise<void> {
    this.#isClosed = true;
    const child = this.#child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
      return Promise.resolve();
    return new Promise((resolve) => {
      child.once("exit", () => resolve());
      child.stdin?.destroy();
      child.kill("SIGKILL");
    });
  }

  #hangs(waitingBytes: number): boolean {
    const mostMs = this.#hasSpoken ? MOST_SILENT_MS : MOST_SILENT_AT_START_MS;
    return this.#silentMs > mostMs || waitingBytes > MOST_WAITING_BYTES;
  }
}
