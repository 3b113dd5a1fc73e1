import { FairleadError, type Sdp } from "@fairlead/protocol";
import type { Publisher } from "../room/publisher.ts";
import type { SeatInRoom } from "../room/room.ts";
import type { SdpSession } from "./sdp-session.ts";

export type WhipRequest = SeatInRoom & { publisher: Publisher; offer: Sdp };

/**
 * Answers a broadcaster's offer (RFC 9725). The session closes with its publisher, and the publisher with the session.
 * @throws {FairleadError} `invalid_request`, `sdp_unprocessable`, `not_acceptable`; `lease_lost` if the seat or the publisher went meanwhile.
 */
export async function openWhipSession(_request: WhipRequest): Promise<SdpSession> {
  throw new FairleadError("not_acceptable");
}
