import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { RoomDetail, TicketAnswer } from "@fairlead/protocol";
import { findSecrets } from "./find-secrets.ts";

const MAIN = join(import.meta.dirname, "../../apps/standalone/src/main.ts");
const API_KEY = "an-api-key-of-browser-tests";
/** A start takes a second; provides for a machine that is busy with other tests. */
const START_MS = 60_000;
const STOP_MS = 10_000;
const SETTINGS = {
  FAIRLEAD_CORES: "2",
  FAIRLEAD_API_KEY: API_KEY,
  FAIRLEAD_LOG_LEVEL: "debug",
  FAIRLEAD_HOME_LOAD: "1",
  FAIRLEAD_RTMP_PORT: "0",
};
const READY = /^Fairlead is ready: (\S+)/;

export type StandaloneProcess = Awaited<ReturnType<typeof startStandalone>>;

/**
 * The product as `npm start` runs it, in a process of its own.
 *
 * @param env Settings besides the port and the API key, e.g. `FAIRLEAD_GRACE_MS`.
 * @throws {Error} It ended before it was ready: with what it said.
 */
export async function startStandalone(env: Record<string, string> = {}) {
  const flags = ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...flags, MAIN, "--port", "0"], {
    env: { ...process.env, ...SETTINGS, ...env },
    // A group of its own, so that no worker outlives it whatever happens.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killGroup = () => void endGroup(child, "SIGKILL");
  process.once("exit", killGroup);
  const output = keepOutput(child);
  const url = await readUrl(child, output);

  const api = async (method: string, path: string, body?: unknown) => {
    const headers = { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" };
    const response = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  };
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid ?? 0,
    /** Everything that it logged so far. */
    output,
    /** With the API key. @throws {Error} Any answer but 2xx. */
    api,
    room: (room: string): Promise<RoomDetail> => api("GET", `/v1/rooms/${room}`),
    ticket: (room: string, request: object): Promise<TicketAnswer> =>
      api("POST", `/v1/rooms/${room}/tickets`, request),
    /** @throws {Error} Something secret stands in what it logged. */
    stop: async () => {
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      const timer = setTimeout(killGroup, STOP_MS);
      if (endGroup(child, "SIGTERM") && child.exitCode === null) await ended;
      clearTimeout(timer);
      killGroup();
      process.off("exit", killGroup);
      expectNoSecrets(output);
    },
  };
}

function readUrl(child: ChildProcess, output: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`standalone ${why}:\n${output.join("\n")}`));
    const timer = setTimeout(() => fail(`was not ready within ${START_MS} ms`), START_MS);
    child.once("error", (error) => fail(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) => fail(`ended with ${code ?? signal}`));
    if (!child.stdout) return fail("has no output");
    createInterface({ input: child.stdout }).on("line", (line) => {
      const url = READY.exec(line)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}

function keepOutput(child: ChildProcess): string[] {
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    if (input) createInterface({ input }).on("line", (line) => lines.push(line));
  }
  return lines;
}

function expectNoSecrets(output: readonly string[]): void {
  const found = findSecrets(output, new Map([[API_KEY, "the API key"]]));
  if (found.length > 0) throw new Error(`secrets in the log:\n${JSON.stringify(found, null, 2)}`);
}

/** @returns Whether anything of the group was alive. */
function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
