/** What is counted. Each name is that of the log line, where one is written for it. */
export type CounterName =
  /** Of signaling. By error code: all that ask to join and are refused, however often that is told. */
  | "join.refused"
  /** By error code: requests with a wrong key or ticket. */
  | "stranger.refused"
  | "session.joined"
  | "session.resumed"
  /** By why the room is where it is. */
  | "peer.placed"
  /** By error code: the registry, or the node that answered in its place, did not say where a room is. */
  | "placement.refused"
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
  | "encoder.ended"
  /** Of the autoscaler. By group: nodes that a driver was asked for. */
  | "scale.started"
  /** By group: of these, those that sent no heartbeat within their start time. */
  | "scale.never_came"
  /** By group: nodes that were emptied and removed. */
  | "scale.removed"
  /** By group: drains that could not finish, and were taken back. */
  | "scale.drain_given_up"
  /** By group: a driver or the API did not do what it was asked for. */
  | "scale.failed";

/** What takes time. */
export type DurationName =
  /** Of signaling. By outcome: `joined`, `refused`, `failed`. */
  | "join"
  /** By method. */
  | "registry.call"
  /** By kind of subject: until a request is answered. */
  | "bus.request"
  /** By how much a timer is late. */
  | "event_loop.delay"
  /** Of media nodes. By cause: from the decision to move a room, or from hearing that its place is gone, until its peers are told of the new one. */
  | "room.move"
  /** By how it ended. */
  | "node.drain"
  /** Of the autoscaler. By group: from asking for a node to its first heartbeat. */
  | "scale.start"
  /** By group: from asking for a drain until no room is left. */
  | "scale.drain";

/** What is read when somebody looks. */
export type GaugeName =
  | "bus.connected"
  /** Of signaling: sockets and streams of events. */
  | "clients.connected"
  /** Whether the registry tells what groups carry and want; then each, by group. */
  | "capacity.known"
  | "group.nodes_ready"
  | "group.nodes_draining"
  | "group.nodes_wanted"
  | "group.cores"
  | "group.demand_cores"
  | "group.room_slots"
  | "group.arrivals"
  | "group.refused_joins"
  /** Of media nodes, by core. */
  | "core.load"
  | "core.debits"
  | "core.rooms"
  | "core.peers"
  | "core.usable"
  | "node.draining"
  | "node.lingering_rooms"
  /** Of processes that take RTMP in. */
  | "live.publishers"
  /** Of the autoscaler: whether it is the one that acts. */
  | "scale.leads";

/** By cause where the gauge has one. */
export type GaugeReading = number | ReadonlyMap<string, number>;
/** null: not known now. */
export type ReadGauge = () => GaugeReading | null | Promise<GaugeReading | null>;

/** Counts and measures what operators are to see. Nothing waits for it. A cause is one of few: an error code, a group. Never an id or an address. */
export interface Metrics {
  /** @param amount Default 1. */
  count(name: CounterName, cause?: string, amount?: number): void;
  observe(name: DurationName, ms: number, cause?: string): void;
  /** Called once for each. @param read Called when somebody looks; one that is slow or fails is left out. */
  gauge(name: GaugeName, read: ReadGauge): void;
}

/** Where nobody reads them. */
export const noMetrics: Metrics = { count: () => {}, observe: () => {}, gauge: () => {} };

/**
 * Has measured how long each of `calls` takes from now on, answered or not.
 * @param causeOf By the name of the call and its arguments.
 */
export function measureCalls<T extends object, K extends keyof T & string>(
  target: T,
  calls: readonly K[],
  { metrics, name, causeOf }: MeasureOptions,
): T {
  for (const call of calls) {
    const original = target[call] as (...args: unknown[]) => Promise<unknown>;
    const measured = async (...args: unknown[]) => {
      const beganMs = performance.now();
      try {
        return await original.apply(target, args);
      } finally {
        metrics.observe(name, performance.now() - beganMs, causeOf(call, args));
      }
    };
    Object.defineProperty(target, call, { value: measured, configurable: true, writable: true });
  }
  return target;
}

export type MeasureOptions = {
  metrics: Metrics;
  name: DurationName;
  causeOf: (call: string, args: readonly unknown[]) => string;
};
