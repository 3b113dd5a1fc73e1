import * as z from "zod";
import { CoreIndex, NodeId, PeerId, RoomId } from "./ids.ts";

export const ResourceKind = z.enum([
  "webrtc_server",
  "router",
  "transport",
  "rtp_observer",
  "producer",
  "consumer",
  "data_producer",
  "data_consumer",
]);
export type ResourceKind = z.infer<typeof ResourceKind>;

/** A core owns its WebRtcServer, a room its routers, observers and pipes; a peer, publisher, viewer or egress the rest. */
export const ResourceOwner = z.object({
  core: CoreIndex,
  roomId: RoomId.optional(),
  peerId: PeerId.optional(),
  publisherId: PeerId.optional(),
  viewerId: PeerId.optional(),
  egressId: PeerId.optional(),
});
export type ResourceOwner = z.infer<typeof ResourceOwner>;

/** A media resource whose owner is gone, or that never had one. */
export const Surplus = z.object({
  nodeId: NodeId,
  core: CoreIndex,
  /** mediasoup's own. */
  id: z.string().max(64),
  kind: ResourceKind,
  /** Its last owner; null: it never had one. */
  owner: ResourceOwner.nullable(),
  /** When it was first found without an owner, ms since 1970. It is reclaimed by itself some time after. */
  sinceMs: z.number(),
});
export type Surplus = z.infer<typeof Surplus>;

/** A program that a process for RTMP started, and that works for no publisher of it. */
export const SurplusProcess = z.object({
  nodeId: NodeId,
  /** `ffmpeg-PID`. */
  id: z.string().max(64),
  pid: z.int().min(1),
  sinceMs: z.number(),
});
export type SurplusProcess = z.infer<typeof SurplusProcess>;

export const SURPLUS_PER_PAGE = 100;

/** In order of node id, then id. */
export const SurplusPage = z.object({
  surplus: z.array(Surplus).max(SURPLUS_PER_PAGE),
  processes: z.array(SurplusProcess).max(SURPLUS_PER_PAGE).optional(),
  cursor: z.string().max(256).optional(),
});
export type SurplusPage = z.infer<typeof SurplusPage>;
