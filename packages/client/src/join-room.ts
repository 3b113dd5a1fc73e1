import { FairleadError } from "@fairlead/protocol";
import type { JoinOptions } from "./api/options.ts";
import type { Room } from "./api/room.ts";

/**
 * Joins the room that `ticket` names.
 * @throws {FairleadError} When the room refuses: `ticket_expired`, `banned`, `room_full`, `no_capacity`, …, or
 * `node_timeout` when it can't be reached in time. Nothing stays open then.
 */
export async function joinRoom(_options: JoinOptions): Promise<Room> {
  throw new FairleadError("internal", { message: "not there yet" });
}
