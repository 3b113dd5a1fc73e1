/** What is counted. Each name is that of the log line, where one is written for it. */
export type CounterName =
  /** Of signaling. By error code: all that ask to join and are refused, however often that is told. */
  | "join.refused"
  /** By error code: requests with a wrong key or ticket. */
  | "stranger.refused"
  | "session.joined"
  | "session.resumed"
  /** This process has lost its connection to the bus. */
  | "bus.lost"
  /** The registry was asked and did not answer. */
  | "registry.failed"
  /** Of media nodes. By cause. */
  | "room.moved"
  /** By cause. */
  | "node.lost"
  | "worker.died"
  | "heartbeat.failed"
  /** By reason. */
  | "peer.left"
  /** By the command that was one too many. */
  | "peer.rate_limited"
  /** By hook: the operator's server did not answer. `dropped`: an end was not told, as too many waited. */
  | "hook.failed"
  /** Of processes that take RTMP in. By error code: encoders that were told why. */
  | "publisher.refused"
  /** A publisher's broadcast has another home. */
  | "publisher.returned"
  /** That came from encoders, in bytes. */
  | "publisher.bytes"
  /** An ffmpeg ended under its publisher, and is started again. */
  | "encoder.ended";

/** Counts what operators are to see rise. A later exporter reads it; nothing waits for it. */
export interface Counters {
  /**
   * @param cause One of few: an error code, a cause, a command. Never an id or an address.
   * @param amount Default 1.
   */
  count(name: CounterName, cause?: string, amount?: number): void;
}

/** Where nobody reads them. */
export const noCounters: Counters = { count: () => {} };

export type MemoryCounters = Counters & {
  /** By name, and by `name cause` where there is one. */
  readonly counts: ReadonlyMap<string, number>;
};

/** Keeps the counts of this process. */
export function createMemoryCounters(): MemoryCounters {
  const counts = new Map<string, number>();
  return {
    counts,
    count: (name, cause, amount = 1) => {
      const key = cause === undefined ? name : `${name} ${cause}`;
      counts.set(key, (counts.get(key) ?? 0) + amount);
    },
  };
}
