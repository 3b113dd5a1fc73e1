import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { needProgram } from "../../setup/programs.ts";
import { dieWithParent } from "../processes/die-with-parent.ts";
import { freePort } from "./free-port.ts";
import { untilStopped } from "./until-stopped.ts";

const HOST = "127.0.0.1";
/** A start takes milliseconds; provides for a machine that is busy with other tests. */
const START_MS = 20_000;
const ANSWER_MS = 2_000;

export type RedisServerOptions = {
  /** A cluster of one, which has all slots. */
  isCluster?: boolean;
  port?: number;
  /** More of redis-server's own, e.g. `["--appendonly", "yes"]`: without, nothing survives a restart. */
  args?: string[];
};

export type RedisServer = Awaited<ReturnType<typeof startRedis>>;

/** A real redis-server on a free port, in an empty folder of its own. */
export async function startRedis({ isCluster = false, port, args = [] }: RedisServerOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-redis-"));
  const listenPort = port ?? (await freePort());
  const clusterPort = await freePort();
  const clusterArgs = isCluster ? clusterOptions(clusterPort) : [];
  const run = () => start(listenPort, folder, [...clusterArgs, ...args]);
  let child = await run();
  const killNow = () => void child.kill("SIGKILL");
  process.once("exit", killNow);
  if (isCluster) await becomeWholeCluster(listenPort);

  const stop = async () => {
    killNow();
    await ended(child);
  };
  return {
    url: `redis://${HOST}:${listenPort}`,
    port: listenPort,
    /** On which it speaks to other nodes of its cluster. */
    clusterPort,
    /** Of the server that runs now. */
    pid: () => child.pid ?? 0,
    /** `SIGSTOP` and `SIGCONT` stall it; resolves when it stands still, or has ended after one that ends it. */
    signal: async (signal: NodeJS.Signals) => {
      child.kill(signal);
      if (signal === "SIGSTOP") await untilStopped(child.pid ?? 0);
      else if (signal !== "SIGCONT") await ended(child);
    },
    /** On the same port; empty, unless `args` ask for persistence. Ends it first where it runs. */
    restart: async () => {
      await stop();
      child = await run();
      if (isCluster) await untilAnswered(listenPort, "CLUSTER INFO", /cluster_state:ok/);
    },
    flush: async () => void (await ask(listenPort, "FLUSHALL")),
    /** One inline command, e.g. `CONFIG SET save ""`. @returns The raw reply. */
    command: (line: string) => ask(listenPort, line),
    close: async () => {
      process.off("exit", killNow);
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function start(port: number, folder: string, args: string[]): Promise<ChildProcess> {
  const base = ["--port", `${port}`, "--bind", HOST, "--dir", folder, "--save", "", "--appendonly", "no"];
  const child = spawn(...dieWithParent([needProgram("redis-server"), ...base, ...args]), {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-4_000);
    });
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (error) => reject(new Error(`redis-server did not start: ${error.message}`)));
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}:\n${output}`)));
  });
  // It also ends later, when nobody waits for a start any more.
  failed.catch(() => {});
  await Promise.race([untilAnswered(port, "PING", /^\+PONG/), failed]);
  return child;
}

function clusterOptions(busPort: number): string[] {
  return ["--cluster-enabled", "yes", "--cluster-port", `${busPort}`, "--cluster-announce-ip", HOST];
}

async function becomeWholeCluster(port: number): Promise<void> {
  await ask(port, "CLUSTER ADDSLOTSRANGE 0 16383");
  await untilAnswered(port, "CLUSTER INFO", /cluster_state:ok/);
}

async function untilAnswered(port: number, line: string, expected: RegExp): Promise<void> {
  const deadline = Date.now() + START_MS;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      last = await ask(port, line);
      if (expected.test(String(last))) return;
    } catch (error) {
      last = error;
    }
    await delay(10);
  }
  throw new Error(`redis-server on port ${port}: "${line}" was answered with ${last}`);
}

/** On a connection of its own. @throws {Error} No answer, or an error for an answer. */
function ask(port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, HOST);
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`no answer to "${line}"`)));
    socket.once("error", reject);
    socket.once("data", (chunk) => {
      socket.destroy();
      const answer = chunk.toString();
      if (answer.startsWith("-")) reject(new Error(`"${line}": ${answer.trim()}`));
      else resolve(answer);
    });
    socket.write(`${line}\r\n`);
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
