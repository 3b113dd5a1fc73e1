import { type Logger as PinoLogger, pino } from "pino";
import pretty from "pino-pretty";
import type { LogFields, Logger } from "./logger.ts";

export type PinoLoggerOptions = {
  level: "error" | "warn" | "info" | "debug" | "silent";
  /** Human-readable lines instead of JSON. */
  isPretty: boolean;
};

/** On a terminal they would fill every line. */
const ALWAYS_THE_SAME = "pid,hostname,node,instance,incarnation,version";
const STANDARD_OUTPUT = 1;

/** JSON lines on standard output, or pretty ones on a terminal. */
export function createPinoLogger({ level, isPretty }: PinoLoggerOptions): Logger {
  const base = { level, base: null };
  return wrap(
    isPretty
      ? pino(base, pretty({ colorize: true, ignore: ALWAYS_THE_SAME, translateTime: "SYS:HH:MM:ss.l" }))
      : // At once: lines on their way when the process ends would come out of order, or not at all.
        pino(base, pino.destination({ dest: STANDARD_OUTPUT, sync: true })),
  );
}

function wrap(logger: PinoLogger): Logger {
  const at =
    (level: "error" | "warn" | "info" | "debug") =>
    (event: string, fields: LogFields = {}) => {
      if (logger.isLevelEnabled(level)) logger[level](serialized(fields), event);
    };
  return {
    error: at("error"),
    warn: at("warn"),
    info: at("info"),
    debug: at("debug"),
    child: (fields) => wrap(logger.child(fields)),
  };
}

/** pino serializes an error only under the key `err`; ours may stand under any. */
function serialized(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      value instanceof Error ? pino.stdSerializers.err(value) : value,
    ]),
  );
}
