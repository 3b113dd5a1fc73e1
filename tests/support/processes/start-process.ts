import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { atExit } from "./at-exit.ts";
import { dieWithParent } from "./die-with-parent.ts";

/** One line of a process's log: `time` in ms since 1970, `msg` the event's name, and its fields. */
export type LogLine = { time: number; msg: string } & Record<string, unknown>;

export type ProcessOptions = {
  name: string;
  command: readonly string[];
  env: Record<string, string>;
  /** The event that it logs when it is ready, as `msg` or, of workerd itself, as `event`. */
  readyEvent: string;
  /** Everything that it says is kept here, over all its runs. */
  logFile: string;
};

export type ManagedProcess = Awaited<ReturnType<typeof startProcess>>;

/** A start takes a second; provides for a machine that is busy with other tests. */
const START_MS = 60_000;
const WAIT_MS = 60_000;

/**
 * A process in a group of its own, which can be signalled, killed and started again.
 * @throws {Error} It ended before it was ready: with what it said.
 */
export async function startProcess(options: ProcessOptions) {
  const { name, logFile, readyEvent } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  writeFileSync(logFile, "");
  const log: LogLine[] = [];
  const watchers = new Set<() => void>();
  let child: ChildProcess | undefined;
  const forget = atExit(() => void signalGroup("SIGKILL"));

  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const signalGroup = (signal: NodeJS.Signals) => sendSignal(-(child?.pid ?? 0), signal);
  const ended = async () => {
    if (isRunning() && child) await once(child, "exit");
  };

  /** @returns The first line that fits, of those logged from the `since`th on. */
  const waitFor = async (isIt: (line: LogLine) => boolean, { since = 0, withinMs = WAIT_MS } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<LogLine>();
    const look = () => {
      const found = log.slice(since).find(isIt);
      if (found) resolve(found);
    };
    const timer = setTimeout(() => reject(new Error(`${name} did not log it: see ${logFile}`)), withinMs);
    watchers.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      watchers.delete(look);
    });
  };

  const start = async () => {
    const since = log.length;
    child = run(options, (line) => {
      log.push(line);
      for (const look of [...watchers]) look();
    });
    const gone = once(child, "exit").then(([code, signal]) => {
      throw new Error(`${name} ended with ${code ?? signal} before it was ready: see ${logFile}`);
    });
    // It also ends later, when nobody waits for a start any more.
    gone.catch(() => {});
    const isReady = ({ msg, event }: LogLine) => msg === readyEvent || event === readyEvent;
    await Promise.race([waitFor(isReady, { since, withinMs: START_MS }), gone]);
  };
  await start();

  return {
    name,
    logFile,
    /** Its log so far, over all its runs. */
    log: log as readonly LogLine[],
    waitFor,
    pid: () => child?.pid ?? 0,
    isRunning,
    /** To the process itself; resolves when it has ended, after a signal that ends it. */
    kill: async (signal: NodeJS.Signals = "SIGKILL") => {
      sendSignal(child?.pid ?? 0, signal);
      if (!["SIGSTOP", "SIGCONT"].includes(signal)) await ended();
    },
    /** To the process and its children, e.g. a node's workers. */
    signalGroup,
    /** @returns Exit code or signal. */
    ended: async () => {
      await ended();
      return child?.exitCode ?? child?.signalCode ?? null;
    },
    /** With the same settings. Ends it first where it runs. */
    restart: async () => {
      signalGroup("SIGKILL");
      await ended();
      await start();
    },
    close: async () => {
      forget();
      signalGroup("SIGKILL");
      await ended();
    },
  };
}

function run({ command, env, logFile }: ProcessOptions, onLine: (line: LogLine) => void): ChildProcess {
  const [program, args] = dieWithParent(command);
  const child = spawn(program, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  child.once("error", (error) => appendFileSync(logFile, `${error}\n`));
  for (const input of [child.stdout, child.stderr]) {
    if (!input) continue;
    createInterface({ input }).on("line", (text) => {
      appendFileSync(logFile, `${text}\n`);
      const line = parseLine(text);
      if (line) onLine(line);
    });
  }
  return child;
}

/** @returns null for what is no log line, e.g. what mediasoup writes to standard error. */
function parseLine(text: string): LogLine | null {
  if (!text.startsWith("{")) return null;
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return null;
  }
}

/** @returns Whether there was anybody to hear it. */
function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return pid !== 0 && process.kill(pid, signal);
  } catch {
    return false;
  }
}
