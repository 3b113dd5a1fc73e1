import type { Incarnation, RoomId, SessionId } from "./ids.ts";

/** No message on the bus is larger, headers included: `max_payload` of `deploy/nats`, which is NATS's own default. */
export const MAX_BUS_MESSAGE_BYTES = 1_048_576;

/**
 * Every subject on the bus. The two sides publish and subscribe to different subjects, so NATS permissions keep signaling and
 * nodes apart (`deploy/nats`): nodes listen under `fairlead.node.>`, `fairlead.nodes` and `fairlead.room.*.owner`, processes that take
 * RTMP in under `fairlead.live.>`, signaling under `fairlead.session.>`, all of them under `fairlead.room.*.control`, where only nodes speak.
 */
export const subjects = {
  /** Requests to one run of one node: `NodeCall`s. */
  nodeCall: (incarnation: Incarnation) => `fairlead.node.${incarnation}.call`,
  /**
   * Requests to one run of a process that takes RTMP in: the `node.` calls that concern it. It does not listen on `nodes`, or builds that know of
   * media nodes alone would place rooms on it.
   */
  liveCall: (incarnation: Incarnation) => `fairlead.live.${incarnation}.call`,
  /** Nodes ask each other `node.ping` here: they may not send calls to each other. */
  nodePing: (incarnation: Incarnation) => `fairlead.node.${incarnation}.ping`,
  /** Batched proof of life of the sessions that a signaling process holds. */
  nodeSessions: (incarnation: Incarnation) => `fairlead.node.${incarnation}.sessions`,
  /** Every node listens here and answers `node.describe`. */
  nodes: "fairlead.nodes",
  /** A node's messages to the process that holds the session's connection. */
  session: (sessionId: SessionId) => `fairlead.session.${sessionId}`,
  /**
   * A node's events for any of the sessions that one signaling process holds: one message instead of one for each. The process chose
   * the id at random, as those of sessions are, and says it when it joins or attaches a session. @see `InboxMessage`
   */
  inbox: (inboxId: string) => `fairlead.session.${inboxId}`,
  /** Facts about a room that concern every signaling process with a socket in it, and a node that has lost it unknowingly. */
  roomControl: (roomId: RoomId) => `fairlead.room.${roomId}.control`,
  /** The node that serves the room answers `room.owner`, for those who can't ask the registry. */
  roomOwner: (roomId: RoomId) => `fairlead.room.${roomId}.owner`,
  /** Nodes ask here for somebody to package a broadcast, `hls.package`: processes of the queue group `live` listen while they have room. */
  liveJobs: "fairlead.live.jobs",
  /** What processes counted that nobody can scrape: signaling on Workers and Lambda. @see `MetricsDelta` */
  metrics: "fairlead.metrics",
  /** `roomControl` of every room. */
  everyRoomControl: "fairlead.room.*.control",
} as const;
