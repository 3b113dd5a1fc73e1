export type {
  BroadcastWrite,
  HeartbeatReply,
  KnownOfRoom,
  Page,
  Placement,
  PlaceRequest,
  Registry,
  RoomPatch,
} from "./registry.ts";
export type { Rate, RateLimit, RateStanding } from "./rules/rates/rate.ts";
