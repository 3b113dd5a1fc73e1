export type {
  BroadcastWrite,
  HeartbeatReply,
  Holding,
  KnownOfRoom,
  Page,
  Placement,
  PlaceRequest,
  Registry,
  RoomPatch,
} from "./registry.ts";
export type { Rate, RateLimit, RateStanding } from "./rules/rates/rate.ts";
