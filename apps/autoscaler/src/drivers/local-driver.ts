import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "@fairlead/telemetry";
import * as z from "zod";
import type { NodeDriver, NodeInstance } from "./node-driver.ts";

export const LocalDriverSettings = z.strictObject({
  kind: z.literal("local"),
  /** Starts one media node: a program and its arguments. */
  command: z.array(z.string().min(1)).min(1),
  /** Besides those of this process; its id and its group are added. */
  env: z.record(z.string(), z.string()).default({}),
  /** Keeps what runs, and its logs: of this group alone. */
  folder: z.string().min(1),
  /** How long a process may take to end, ms. */
  endMs: z.int().min(0).default(60_000),
});

export type LocalDriverOptions = z.infer<typeof LocalDriverSettings> & {
  group: string;
  env: Record<string, string>;
  log: Logger;
};

/** One process, as it is kept in a file by its node's id. */
const Kept = z.object({
  pid: z.int().min(1),
  /** When Linux started it, in ticks since the boot: another process may have the same id later. null: nobody can say. */
  startedTicks: z.string().nullable(),
  askedAtMs: z.number(),
});
type Kept = z.infer<typeof Kept>;

const POLL_MS = 50;
/** In /proc/PID/stat behind the program's name in parentheses: the state is the first field, the start the twentieth. */
const STARTED_FIELD = 19;

/**
 * Media nodes as processes of this machine. They outlive this one; a folder says which there are, to the next autoscaler too. They end by SIGTERM, on which
 * they hand over what they have.
 */
export class LocalDriver implements NodeDriver {
  readonly #options: LocalDriverOptions;
  readonly #folder: string;

  constructor(options: LocalDriverOptions) {
    this.#options = options;
    this.#folder = resolve(options.folder);
    mkdirSync(this.#folder, { recursive: true });
  }

  async list(): Promise<NodeInstance[]> {
    return this.#names().flatMap((nodeId) => {
      const kept = this.#read(nodeId);
      if (kept && isRunning(kept)) return [{ id: nodeId, nodeId, askedAtMs: kept.askedAtMs }];
      rmSync(this.#file(nodeId), { force: true });
      return [];
    });
  }

  async start(count: number): Promise<void> {
    for (let one = 0; one < count; one += 1) await this.#startOne();
  }

  async remove({ id }: NodeInstance): Promise<void> {
    const kept = this.#read(id);
    if (kept) await this.#end(kept);
    for (const file of [this.#file(id), this.#logFile(id)]) rmSync(file, { force: true });
  }

  /** The nodes go on. */
  async close(): Promise<void> {}

  async #startOne(): Promise<void> {
    const { command, env, group, log } = this.#options;
    const nodeId = `node-${randomBytes(4).toString("hex")}`;
    const output = openSync(this.#logFile(nodeId), "a");
    const [program = "", ...args] = command;
    const child = spawn(program, args, {
      env: { ...env, FAIRLEAD_NODE_ID: nodeId, FAIRLEAD_GROUP: group },
      detached: true,
      stdio: ["ignore", output, output],
    });
    // The process has its own.
    closeSync(output);
    await once(child, "spawn").catch((error) => {
      // There is no such program.
      rmSync(this.#logFile(nodeId), { force: true });
      throw error;
    });
    child.unref();
    const { pid = 0 } = child;
    this.#write(nodeId, { pid, startedTicks: startedTicks(pid), askedAtMs: Date.now() });
    log.info("driver.started", { group, nodeId, pid });
  }

  async #end(kept: Kept): Promise<void> {
    if (isRunning(kept)) process.kill(kept.pid, "SIGTERM");
    for (let waitedMs = 0; isRunning(kept); waitedMs += POLL_MS) {
      if (waitedMs >= this.#options.endMs) throw new Error(`process ${kept.pid} does not end`);
      await delay(POLL_MS);
    }
  }

  #names(): string[] {
    return readdirSync(this.#folder).flatMap((file) => /^(.+)\.json$/.exec(file)?.[1] ?? []);
  }

  #file(nodeId: string): string {
    return join(this.#folder, `${nodeId}.json`);
  }

  #logFile(nodeId: string): string {
    return join(this.#folder, `${nodeId}.log`);
  }

  #read(nodeId: string): Kept | null {
    try {
      return Kept.parse(JSON.parse(readFileSync(this.#file(nodeId), "utf8")));
    } catch {
      return null;
    }
  }

  /** Never half of it, whoever reads meanwhile. */
  #write(nodeId: string, kept: Kept): void {
    const part = `${this.#file(nodeId)}.part`;
    writeFileSync(part, JSON.stringify(kept));
    renameSync(part, this.#file(nodeId));
  }
}

function isRunning({ pid, startedTicks: ticks }: Kept): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is somebody else's, or has become so.
    if (!isErrno(error, "EPERM")) return false;
  }
  const fields = statOf(pid);
  return fields === null || (fields[0] !== "Z" && (ticks === null || fields[STARTED_FIELD] === ticks));
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function startedTicks(pid: number): string | null {
  return statOf(pid)?.[STARTED_FIELD] ?? null;
}

/** @returns null elsewhere than on Linux. */
function statOf(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}
