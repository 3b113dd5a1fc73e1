import { FairleadError, type Sdp } from "@fairlead/protocol";
import type { SeatInRoom } from "../room/room.ts";
import type { SdpSession } from "./sdp-session.ts";

export type WhepRequest = SeatInRoom & {
  /** null: nobody knows who it is. */
  identity: string | null;
  offer: Sdp;
};

/**
 * Answers a viewer's offer with what the room's senders send now. The session closes once that is over, and its client then POSTs anew.
 * @throws {FairleadError} `invalid_request`, `sdp_unprocessable`, `not_acceptable`; `lease_lost` if the room or the seat went meanwhile.
 */
export async function openWhepSession(_request: WhepRequest): Promise<SdpSession> {
  throw new FairleadError("not_acceptable");
}
