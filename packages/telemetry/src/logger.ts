export type LogFields = Record<string, unknown>;

/**
 * Event name plus fields: `log.info("room.placed", { roomId, nodeId, core })`. `error`: gave up; `warn`: recovered;
 * `info`: one per lifecycle change; `debug`: the rest. Never a ticket, a key or SDP.
 */
export interface Logger {
  error(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  debug(event: string, fields?: LogFields): void;
  /** @returns A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

/** For tests and for those who want none. */
export const silentLogger: Logger = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
  child: () => silentLogger,
};
