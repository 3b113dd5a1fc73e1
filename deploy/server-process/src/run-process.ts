import { hostname } from "node:os";
import type { Logger } from "@fairlead/telemetry";
import { createPinoLogger } from "@fairlead/telemetry/pino";
import type { ClusterConfig } from "./cluster-settings.ts";
import { unknownVariables } from "./known-variables.ts";
import { type Environment, type ReadFile, SettingsError } from "./parse-settings.ts";
import { readFile } from "./read-file.ts";
import { VERSION } from "./version.ts";

/** Ends the started parts in good order. */
export type Stop = () => Promise<void>;

export type ReadConfig<C> = (env: Environment, readFile: ReadFile) => Promise<C>;

const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

/**
 * The life of a server process: reads its settings, starts, and ends by a signal. JSON lines on standard output, pretty ones on
 * a terminal. Exit codes: 0 after an orderly end; 1 for wrong settings, a failed start, and a bug that nobody caught, which
 * is logged once; 128 and the signal's number when a signal came before the start was over, or a second time.
 */
export async function runProcess<C extends Pick<ClusterConfig, "logLevel">>(
  readConfig: ReadConfig<C>,
  start: (config: C, log: Logger) => Promise<Stop>,
): Promise<void> {
  const { config, log } = await configureProcess(readConfig);
  endOnBugs(log);
  let stop: Stop | null = null;
  const onSignal = (signal: keyof typeof SIGNALS) => {
    if (!stop) process.exit(128 + SIGNALS[signal]);
    log.info("process.stopping", { signal });
    void end(stop, log);
    stop = null;
  };
  for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) process.on(signal, onSignal);
  try {
    stop = await start(config, log);
    log.info("process.started", { pid: process.pid });
  } catch (error) {
    fail(log, "process.start_failed", error);
  }
}

/** Reads the process's settings and makes its log. Wrong settings end the process with exit code 1. */
export async function configureProcess<C extends Pick<ClusterConfig, "logLevel">>(
  readConfig: ReadConfig<C>,
): Promise<{ config: C; log: Logger }> {
  const config = await readConfig(process.env, readFile).catch(refuse);
  const isPretty = process.stdout.isTTY === true;
  // Lines of all processes of a cluster come together somewhere.
  const which = { instance: `${hostname()}-${process.pid}`, version: VERSION };
  const logger = createPinoLogger({ level: config.logLevel, isPretty });
  const log = isPretty ? logger : logger.child(which);
  warnOfUnknown(process.env, log);
  return { config, log };
}

/** Warns of mistyped variables, which would otherwise be ignored silently. */
export function warnOfUnknown(env: Environment, log: Logger): void {
  for (const variable of unknownVariables(env)) log.warn("settings.unknown_variable", { variable });
}

async function end(stop: Stop, log: Logger): Promise<void> {
  try {
    await stop();
    log.info("process.stopped");
    process.exit(0);
  } catch (error) {
    fail(log, "process.stop_failed", error);
  }
}

/** After an uncaught exception anything may be half done, so this process ends and others take over. */
function endOnBugs(log: Logger): void {
  const end = (error: unknown) => fail(log, "process.failed", error);
  process.on("uncaughtException", end);
  // Node and Deno would report it as an exception; Bun would print it and no log line.
  process.on("unhandledRejection", end);
}

function fail(log: Logger, event: string, error: unknown): never {
  log.error(event, { error });
  process.exit(1);
}

function refuse(error: unknown): never {
  console.error(error instanceof SettingsError ? error.message : error);
  process.exit(1);
}
