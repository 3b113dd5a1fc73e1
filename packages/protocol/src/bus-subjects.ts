import type { Incarnation, RoomId, SessionId } from "./ids.ts";

/**
 * Every subject on the bus. Nodes subscribe under `fairlead.node.>`, signaling under `fairlead.session.>` and
 * `fairlead.room.>`, so NATS permissions can keep the two apart.
 */
export const subjects = {
  /** Requests to one run of one node: `NodeCall`s. */
  nodeCall: (incarnation: Incarnation) => `fairlead.node.${incarnation}.call`,
  /** Batched proof of life of the sessions that a signaling process holds. */
  nodeSessions: (incarnation: Incarnation) => `fairlead.node.${incarnation}.sessions`,
  /** A node's messages to whoever holds the session's connection. */
  session: (sessionId: SessionId) => `fairlead.session.${sessionId}`,
  /** Facts about a room that concern every signaling process with a socket in it. */
  roomControl: (roomId: RoomId) => `fairlead.room.${roomId}.control`,
} as const;
