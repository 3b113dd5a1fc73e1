import { FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { refusal } from "./read-offer.ts";

/**
 * Answers a client on its own transport, which is closed if that fails.
 * @throws {FairleadError} `lease_lost`: the transport closed meanwhile. What `act` rejects with.
 */
export async function orClose<T>(transport: types.WebRtcTransport, act: () => Promise<T>): Promise<T> {
  try {
    const result = await act();
    if (transport.closed) throw new FairleadError("lease_lost", { message: "closed meanwhile" });
    return result;
  } catch (cause) {
    const isGone = transport.closed;
    transport.close();
    throw isGone && !(cause instanceof FairleadError) ? new FairleadError("lease_lost", { cause }) : cause;
  }
}

/**
 * A call into mediasoup with parameters of a client's SDP.
 * @throws {FairleadError} `sdp_unprocessable`: mediasoup does not take them; `lease_lost`: the transport closed meanwhile.
 */
export async function withTheirs<T>(transport: types.WebRtcTransport, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof FairleadError) throw cause;
    if (transport.closed) throw new FairleadError("lease_lost", { cause });
    throw Object.assign(refusal("mediasoup does not take this media"), { cause });
  }
}
