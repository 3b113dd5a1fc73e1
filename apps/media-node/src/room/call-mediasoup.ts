import { FairleadError } from "@fairlead/protocol";
import type { Peer } from "./peer.ts";

/**
 * Runs a call into mediasoup with a client's parameters, and turns its failure into a refusal: `media_rejected` where mediasoup
 * does not accept them; `room_moved` where the router has gone, as the room is then on its way to another core; `session_gone`
 * where only the peer has gone, with its seat perhaps.
 */
export async function refuseBadMedia<T>(peer: Peer, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof FairleadError) throw error;
    if (peer.seat.closed && peer.session.endCode === null)
      throw new FairleadError("room_moved", { cause: error });
    if (peer.isClosed) throw new FairleadError("session_gone", { cause: error });
    const message = error instanceof Error ? error.message.slice(0, 500) : "refused by mediasoup";
    throw new FairleadError("media_rejected", { message, cause: error });
  }
}

/**
 * Runs calls into mediasoup for a join or for the API. If the worker or router dies meanwhile, that is no bug: the caller asks
 * again at the room's next place. (`room_moved` above is for a peer that is in the room already and has to join again.)
 * @throws {FairleadError} `lease_lost` if it died.
 */
export async function whileAlive<T>(alive: { closed: boolean }, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (alive.closed && !(error instanceof FairleadError))
      throw new FairleadError("lease_lost", { cause: error });
    throw error;
  }
}
