import type { LogFields, Logger } from "./logger.ts";

export type ConsoleLoggerOptions = {
  level: "error" | "warn" | "info" | "debug" | "silent";
  /** Milliseconds since 1970. */
  now?: () => number;
  /** One line, without its end. Default: the console's standard output. */
  write?: (line: string) => void;
};

/** pino's numbers, so that what reads the lines of one runtime reads those of all. */
const LEVELS = { debug: 20, info: 30, warn: 40, error: 50, silent: 100 } as const;

/** The JSON lines of `createPinoLogger`, where there is no Node to run pino. */
export function createConsoleLogger(options: ConsoleLoggerOptions): Logger {
  const { level, now = Date.now, write = (line) => console.log(line) } = options;
  return childOf({ least: LEVELS[level], now, write }, {});
}

type Output = { least: number; now: () => number; write: (line: string) => void };

function childOf(output: Output, always: LogFields): Logger {
  const { least, now, write } = output;
  const at =
    (level: number) =>
    (event: string, fields: LogFields = {}) => {
      if (level < least) return;
      write(JSON.stringify({ level, time: now(), ...serialized({ ...always, ...fields }), msg: event }));
    };
  return {
    error: at(LEVELS.error),
    warn: at(LEVELS.warn),
    info: at(LEVELS.info),
    debug: at(LEVELS.debug),
    child: (fields) => childOf(output, { ...always, ...fields }),
  };
}

/** JSON knows no errors. */
function serialized(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? describe(value) : value]),
  );
}

/** As pino does it: the reasons follow in the message and the stack. */
function describe(error: Error): LogFields {
  const chain = chainOf(error);
  return {
    type: error.name,
    message: chain.map(({ message }) => message).join(": "),
    stack: chain.map(({ stack }) => stack).join("\ncaused by: "),
    ...("code" in error ? { code: error.code } : {}),
  };
}

const MAX_CAUSES = 8;

function chainOf(error: Error): Error[] {
  const chain = [error];
  for (let cause = error.cause; cause instanceof Error && chain.length < MAX_CAUSES; cause = cause.cause)
    chain.push(cause);
  return chain;
}
