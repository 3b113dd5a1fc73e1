import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export type RunOptions = {
  timeoutMs: number;
  env?: NodeJS.ProcessEnv;
  /** Called with every line of stdout and stderr. */
  onLine?: (line: string) => void;
  /**
   * Puts the command into a process group of its own, and ends the whole group with it. For commands that may hang or
   * leave children behind; not for builds, which Ctrl-C on the terminal should reach.
   */
  ownGroup?: boolean;
};

export type CommandOutcome = {
  /** Null when a signal ended it, or it never started. */
  exitCode: number | null;
  /** How it ended, for an error message: `exited with code 1`. */
  ending: string;
  /** The last lines of stdout and stderr, in the order they came. */
  output: string;
};

const keptLines = 20;
/** A left-behind child may hold the pipes open: output is awaited this long after the command itself has ended. */
const outputGraceMs = 1_000;

/** Runs a command to its end and never rejects: not starting and running too long are outcomes. */
export async function runCommand(
  command: string,
  args: string[],
  options: RunOptions,
): Promise<CommandOutcome> {
  const { env = process.env, ownGroup = false, timeoutMs } = options;
  const child = spawn(command, args, { env, detached: ownGroup, stdio: ["ignore", "pipe", "pipe"] });
  const output = keepLastLines(child, options.onLine);
  let isTimedOut = false;
  const timer = setTimeout(() => {
    isTimedOut = true;
    kill(child, ownGroup);
  }, timeoutMs);
  const { exitCode, ending } = await waitForEnd(child);
  clearTimeout(timer);
  if (ownGroup) kill(child, ownGroup);
  await output.end();
  return {
    exitCode: isTimedOut ? null : exitCode,
    ending: isTimedOut ? `did not end within ${timeoutMs / 1000} s` : ending,
    output: output.lines.join("\n"),
  };
}

function waitForEnd(child: ChildProcess): Promise<{ exitCode: number | null; ending: string }> {
  return new Promise((resolve) => {
    child.once("error", (error) =>
      resolve({ exitCode: null, ending: `could not be started: ${error.message}` }),
    );
    child.once("exit", (exitCode, signal) => {
      resolve({
        exitCode,
        ending: signal === null ? `exited with code ${exitCode}` : `was ended by ${signal}`,
      });
    });
  });
}

function keepLastLines(child: ChildProcess, onLine: (line: string) => void = () => {}) {
  const lines: string[] = [];
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  for (const input of streams) {
    createInterface({ input }).on("line", (line) => {
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      onLine(line);
    });
  }
  const ends = streams.map((stream) => new Promise<void>((resolve) => stream.once("close", resolve)));
  const end = async () => {
    const timer = setTimeout(() => streams.map((stream) => stream.destroy()), outputGraceMs);
    await Promise.all(ends);
    clearTimeout(timer);
  };
  return { lines, end };
}

function kill(child: ChildProcess, ownGroup: boolean): void {
  if (!ownGroup || child.pid === undefined) {
    child.kill("SIGKILL");
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The whole group has ended already.
  }
}
