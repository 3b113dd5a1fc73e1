import * as z from "zod";
import { PeerInfo, ProducerInfo } from "./events.ts";
import { Grants, Source } from "./grants.ts";
import { Identity, NodeId, PeerId, RoomId, TicketIdentity } from "./ids.ts";
import { Jwt } from "./join.ts";
import {
  CoreAddress,
  DrainedBy,
  NodeState,
  NodeStatus,
  PlacementDecision,
  RoomOptions,
} from "./registry-records.ts";
import { SurplusPage } from "./surplus.ts";
import { DisplayName, Metadata, NUMERIC_DATE_MAX, Role } from "./ticket-claims.ts";

export const HTTP_BODY_LIMIT_BYTES = 65_536;

export const TICKET_TTL_MAX_S = 86_400;

/** Body of `POST /v1/rooms/{room}/tickets`. */
export const TicketRequest = z.object({
  identity: TicketIdentity,
  name: DisplayName.default(""),
  metadata: Metadata.default(""),
  grants: Grants.default({
    publish: ["microphone", "camera", "screen", "screen_audio"],
    subscribe: true,
    data: true,
    moderate: false,
  }),
  /** `viewer`: for a broadcast; `grants` count for nothing then. Absent: `peer`. */
  role: Role.optional(),
  /** Seconds during which the ticket admits; the session that it opens may last longer. */
  ttlS: z.int().min(1).max(TICKET_TTL_MAX_S).default(600),
  /** Seconds since 1970 before which it does not admit. */
  notBefore: z
    .number()
    .min(0)
    .max(NUMERIC_DATE_MAX - TICKET_TTL_MAX_S)
    .optional(),
});
export type TicketRequest = z.infer<typeof TicketRequest>;

export const TicketAnswer = z.object({ ticket: Jwt, url: z.string(), expiresAt: z.number() });
export type TicketAnswer = z.infer<typeof TicketAnswer>;

export const RoomSummary = z.object({
  roomId: RoomId,
  createdAtMs: z.number(),
  options: RoomOptions,
  placement: CoreAddress.extend({ epoch: z.number() }).nullable(),
  decision: PlacementDecision.nullable(),
  /** The registry is away, or has lost the room: its node told this on the bus. `createdAtMs` is when it was placed there. */
  source: z.literal("bus").optional(),
});
export type RoomSummary = z.infer<typeof RoomSummary>;

/** Listings come in pages; `cursor` is absent on the last. */
export const RoomPage = z.object({ rooms: z.array(RoomSummary).max(100), cursor: z.string().optional() });
export type RoomPage = z.infer<typeof RoomPage>;

/** Answer of `GET /v1/rooms/{room}`; the numbers come from the node that serves it. */
export const RoomDetail = RoomSummary.extend({
  peers: z.int(),
  producers: z.int(),
  consumers: z.int(),
  /** A node of the build before counts none. */
  viewers: z.int().optional(),
});
export type RoomDetail = z.infer<typeof RoomDetail>;

export const PeerDetail = PeerInfo.extend({
  grants: Grants,
  connected: z.boolean(),
  producers: z.array(ProducerInfo),
});
export type PeerDetail = z.infer<typeof PeerDetail>;

export const PEERS_PER_PAGE = 50;

export const PeerPage = z.object({
  peers: z.array(PeerDetail).max(PEERS_PER_PAGE),
  cursor: z.string().optional(),
});
export type PeerPage = z.infer<typeof PeerPage>;

/** Body of `POST /v1/rooms/{room}/peers/{peer}/mute`. */
export const MuteRequest = z.object({ source: Source, muted: z.boolean().default(true) });
export type MuteRequest = z.infer<typeof MuteRequest>;

/** Body of `DELETE /v1/rooms/{room}/peers/{peer}`, optional. `ban`: neither the identity nor the ticket comes back. */
export const RemoveRequest = z.object({
  reason: z.string().max(256).default(""),
  ban: z.boolean().default(true),
});
export type RemoveRequest = z.infer<typeof RemoveRequest>;

/**
 * The powers of an API key. `tickets`: issue tickets. `read`: see rooms, peers, nodes and surplus. `rooms`: see and change rooms, peers and
 * bans. `broadcasts`: create, see, change and end broadcasts. `admin`: everything, nodes and surplus included.
 */
export const ApiScope = z.enum(["tickets", "read", "rooms", "broadcasts", "admin"]);
export type ApiScope = z.infer<typeof ApiScope>;

/** In order of node id, then incarnation, of whatever kind; a node that is being replaced may be there twice for some seconds. */
export const NODES_PER_PAGE = 50;
export const NodePage = z.object({
  nodes: z.array(NodeStatus).max(NODES_PER_PAGE),
  cursor: z.string().optional(),
  /** The registry is away, or knows of no node: these answered on the bus. */
  source: z.literal("bus").optional(),
});
export type NodePage = z.infer<typeof NodePage>;

/**
 * Answer of `POST` and `DELETE /v1/nodes/{node}/drain`. `rooms`: how many it still serves; of the kind `live`, how many publishers it still has. `by`:
 * the name that the drain was asked for with.
 */
export const DrainAnswer = z.object({
  nodeId: NodeId,
  state: NodeState,
  rooms: z.int(),
  by: DrainedBy.optional(),
});
export type DrainAnswer = z.infer<typeof DrainAnswer>;

/** Answer of `GET /v1/surplus`. `unreachable`: nodes of this page that did not answer, whose surplus nobody knows. */
export const SurplusListing = SurplusPage.extend({
  unreachable: z.array(NodeId),
  cursor: z.string().max(512).optional(),
});
export type SurplusListing = z.infer<typeof SurplusListing>;

/** Body of `POST /v1/surplus/reclaim`, optional: of one node, or certain resources; by default all that is surplus now. */
export const ReclaimRequest = z.object({
  nodeId: NodeId.optional(),
  ids: z.array(z.string().max(64)).max(1_000).optional(),
});
export type ReclaimRequest = z.infer<typeof ReclaimRequest>;

/** `unreachable`: nodes that did not answer, whose surplus is as it was. */
export const ReclaimAnswer = z.object({ reclaimed: z.int(), unreachable: z.array(NodeId) });
export type ReclaimAnswer = z.infer<typeof ReclaimAnswer>;

export const NodePath = z.object({ node: NodeId });
export const RoomPath = z.object({ room: RoomId });
export const BanPath = RoomPath.extend({ identity: Identity });
export const PeerPath = RoomPath.extend({ peer: PeerId });
