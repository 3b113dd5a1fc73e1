import { JOIN_TIMEOUT_MS, SESSIONS_ALIVE_INTERVAL_MS, SOCKET_IDLE_MS } from "@fairlead/protocol";

/** Limits to the cost of one client for a signaling process, and how patiently a process asks nodes. Times in ms. */
export type SignalingLimits = {
  /** From the socket's opening to its first `join` or `resume`. */
  joinTimeoutMs: number;
  /** Without any frame. Also how long a socket may wait between a lost session and the next `join`. */
  socketIdleMs: number;
  /**
   * Clients that come to this process, by ticket or by session ticket: one more is asked to come back within 10 s. null: all
   * are let in at once. For runtimes that drop all sockets of a process without warning.
   */
  openings: { perSecond: number; burst: number } | null;
  /** Sockets and streams of events that a process has at once: one more is refused with `signaling_full`. */
  connections: number;
  /** Sockets of one address that have had no session yet: one more is closed with `rate_limited`. */
  unjoinedPerAddress: number;
  /** Resumes of one session here, over a WebSocket or for a stream of events: each may hand out a whole snapshot. */
  resumes: { perSecond: number; burst: number };
  framesPerSecond: number;
  /** Frames that may come at once. */
  frameBurst: number;
  /** Bytes that may wait in a socket's send buffer. */
  sendBufferBytes: number;
  /** How long a stream of events that has ended waits for its reader to take the rest. */
  endedStreamMs: number;
  /** A fresh session ticket is sent at half of it. Seconds. */
  sessionTicketTtlS: number;
  /** How often a node is told that a session's client is there, while it is heard; and how often session tickets are looked at. */
  sessionsAliveIntervalMs: number;
  /**
   * Pauses between the tries of a call that a node did not take. Together longer than the 1.2 s after which a silent node's
   * lease can be taken over, so that a join outlasts a failover.
   */
  retryDelaysMs: readonly number[];
  /** How long the bus may be away before clients are told. */
  busPatienceMs: number;
  /** How long nodes may take to be back on the bus after this process is: until then silence is no sign of death. */
  busSettleMs: number;
  /** How long `/readyz` waits for the registry. */
  readyTimeoutMs: number;
};

export const DEFAULT_LIMITS: SignalingLimits = {
  joinTimeoutMs: JOIN_TIMEOUT_MS,
  socketIdleMs: SOCKET_IDLE_MS,
  openings: null,
  connections: Number.POSITIVE_INFINITY,
  unjoinedPerAddress: 100,
  resumes: { perSecond: 1, burst: 20 },
  framesPerSecond: 200,
  frameBurst: 400,
  sendBufferBytes: 1_048_576,
  endedStreamMs: 10_000,
  sessionTicketTtlS: 3_600,
  sessionsAliveIntervalMs: SESSIONS_ALIVE_INTERVAL_MS,
  retryDelaysMs: [100, 200, 400, 800],
  busPatienceMs: 1_000,
  busSettleMs: 5_000,
  readyTimeoutMs: 1_000,
};
