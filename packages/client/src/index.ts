export {
  type BroadcastInfo,
  type BroadcastState,
  type ErrorCode,
  FairleadError,
  type Grants,
  type LeaveReason,
  type MediaKind,
  type PeerId,
  type RoomId,
  type Source,
} from "@fairlead/protocol";
export type { ConnectionState, RoomEvents } from "./api/events.ts";
export type * from "./api/options.ts";
export type { Room } from "./api/room.ts";
export type * from "./api/tracks.ts";
export { exponentialBackoff } from "./connection/reconnect-policy.ts";
export { joinRoom } from "./join-room.ts";
export { isSupported } from "./media/media-device.ts";
