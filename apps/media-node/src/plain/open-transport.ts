import { FairleadError, type ResourceOwner } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { whileAlive } from "../room/call-mediasoup.ts";
import type { Seat } from "../room/seat.ts";

export const CRYPTO_SUITE = "AES_CM_128_HMAC_SHA1_80";
const RETRY_MS = 2_000;

export type RtpTransportOptions = {
  listenInfo: types.TransportListenInfo;
  rtcpListenInfo: types.TransportListenInfo;
  encrypted: boolean;
  owner: ResourceOwner;
  /** The other end is wherever its first packet comes from. */
  comedia?: boolean;
};

/**
 * RTCP has a port of its own: ffmpeg and GStreamer send it from another one than RTP.
 * @throws {FairleadError} `no_capacity`: no port is free; `lease_lost`.
 */
export async function openTransport(
  seat: Seat,
  { listenInfo, rtcpListenInfo, encrypted, owner, comedia = false }: RtpTransportOptions,
): Promise<types.PlainTransport> {
  try {
    return await whileAlive(seat, () =>
      seat.router.createPlainTransport({
        ...{ listenInfo, rtcpListenInfo, rtcpMux: false, comedia },
        ...{ enableSrtp: encrypted, srtpCryptoSuite: CRYPTO_SUITE, appData: { owner } },
      }),
    );
  } catch (error) {
    if (error instanceof FairleadError) throw error;
    const message = "no port is free, or FAIRLEAD_RTP_IP is no address of this host";
    throw new FairleadError("no_capacity", { message, retryAfterMs: RETRY_MS, cause: error });
  }
}
