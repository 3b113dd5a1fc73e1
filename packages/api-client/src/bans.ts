import { Nothing, type SendRequest } from "./send-request.ts";
import { pathOf } from "./url-path.ts";

/** Scope `rooms`. */
export type Bans = {
  /** Removes the identity from the room and keeps it out; may come before the room. */
  impose(room: string, identity: string): Promise<void>;
  /** @throws {FairleadError} `room_not_found`. */
  lift(room: string, identity: string): Promise<void>;
};

export function bansOf(send: SendRequest): Bans {
  const path = (room: string, identity: string) => pathOf`/v1/rooms/${room}/bans/${identity}`;
  return {
    impose: async (room, identity) => send(Nothing, { method: "PUT", path: path(room, identity) }),
    lift: async (room, identity) => send(Nothing, { method: "DELETE", path: path(room, identity) }),
  };
}
