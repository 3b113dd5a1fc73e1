export type { HeartbeatReply, Page, Placement, PlaceRequest, Registry, RoomPatch } from "./registry.ts";
