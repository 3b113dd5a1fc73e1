import { FairleadError } from "@fairlead/protocol";
import type { Peer } from "./peer.ts";

/**
 * Runs a call into mediasoup that a client's parameters decide over. What mediasoup refuses becomes `media_rejected`; if the
 * router has gone meanwhile, the room is on its way to another core: `room_moved`; if only the peer has, `session_gone`.
 */
export async function refuseBadMedia<T>(peer: Peer, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof FairleadError) throw error;
    if (peer.seat.closed) throw new FairleadError("room_moved", { cause: error });
    if (peer.isClosed) throw new FairleadError("session_gone", { cause: error });
    const message = error instanceof Error ? error.message.slice(0, 500) : "refused by mediasoup";
    throw new FairleadError("media_rejected", { message, cause: error });
  }
}

/**
 * Runs calls of a join, or of the API, into a worker or router that may die meanwhile, which is no bug: they are asked for again
 * where the room is next. `room_moved` above is for a peer that is in already, and has to join again.
 * @throws {FairleadError} `lease_lost` then.
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
