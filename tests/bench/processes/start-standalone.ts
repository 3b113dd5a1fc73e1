import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { randomId } from "@fairlead/protocol";

const ROOT = join(import.meta.dirname, "../../..");
const MAIN = join(ROOT, "apps/standalone/src/main.ts");

/** One line of the server's log: `time` in ms since 1970, `msg` the event's name, and its fields. */
export type LogLine = { time: number; msg: string } & Record<string, unknown>;

export type RunningStandalone = {
  url: string;
  apiKey: string;
  pid: number;
  /** The server's log so far. */
  log: readonly LogLine[];
  /** @returns The process id of the worker that runs on a core now. */
  workerPid(core: number): number;
  close(): Promise<void>;
};

/** Builds the page and starts what `npm start` starts, in a process of its own, with its usual log. */
export async function startStandalone(settings: NodeJS.ProcessEnv = {}): Promise<RunningStandalone> {
  execFileSync("npm", ["run", "--silent", "build:web"], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const apiKey = randomId();
  const server = spawn(process.execPath, [...flagsOfStart(), MAIN, "--port", "0"], {
    env: { ...process.env, FAIRLEAD_HOST: "127.0.0.1", FAIRLEAD_API_KEY: apiKey, ...settings },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const log: LogLine[] = [];
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(server.stdout).on("line", (line) => {
      if (line.startsWith("{")) log.push(JSON.parse(line));
      const ready = /^Fairlead is ready: (\S+)/.exec(line)?.[1];
      // "localhost" may mean ::1 first, which costs every client a refused connection.
      if (ready) resolve(ready.replace("localhost", "127.0.0.1"));
    });
    server.once("exit", (code) => reject(new Error(`the server ended with ${code} before it was ready`)));
  });
  const close = async () => {
    server.kill("SIGTERM");
    await ended;
  };
  return { url, apiKey, pid: server.pid ?? 0, log, workerPid: (core) => workerPid(log, core), close };
}

/** Node's own, as `npm start` gives them. */
function flagsOfStart(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const flags = / node (.*) apps\/standalone/.exec(scripts.start)?.[1];
  if (flags === undefined) throw new Error("npm start does not start node as expected");
  return flags.split(" ");
}

function workerPid(log: readonly LogLine[], core: number): number {
  const started = log.findLast((line) => line.msg === "worker.started" && line.core === core);
  if (!started) throw new Error(`core ${core} has no worker`);
  return Number(started.pid);
}
