export type {
  Broadcast,
  BroadcastWithKey,
  DrainAnswer,
  Egress,
  EgressWithSdp,
  Ingest,
  IngestWithKeys,
  NodeStatus,
  PeerDetail,
  ReclaimAnswer,
  RoomDetail,
  RoomSummary,
  Surplus,
  TicketAnswer,
} from "@fairlead/protocol";
export { type ErrorCode, FairleadError } from "@fairlead/protocol";
export { type ApiClient, createApiClient } from "./api-client.ts";
export type { ApiClientOptions } from "./api-client-options.ts";
export type { Bans } from "./bans.ts";
export type { BroadcastQuery, Broadcasts, ListedBroadcast } from "./broadcasts.ts";
export type { Capacity, CapacityQuery } from "./capacity.ts";
export type { DrainOptions, NodeQuery, Nodes } from "./nodes.ts";
export type { PeerQuery, Peers } from "./peers.ts";
export type { RoomQuery, Rooms } from "./rooms.ts";
export type { Egresses, Ingests } from "./rtp.ts";
export type { SurplusApi, SurplusQuery } from "./surplus.ts";
export type { Tickets } from "./tickets.ts";
