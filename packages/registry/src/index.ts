export type { Rate, RateLimit, RateStanding } from "./rates/rate.ts";
export type { HeartbeatReply, Page, Placement, PlaceRequest, Registry, RoomPatch } from "./registry.ts";
