import type { ResourceOwner } from "@fairlead/protocol";
import type { types } from "mediasoup";

export type PeerTransports = { send: types.WebRtcTransport; receive: types.WebRtcTransport };

/** Where bandwidth estimation starts, bits/s: enough for one camera at medium size, before feedback tells more. */
const INITIAL_OUTGOING_BPS = 1_000_000;
/** A data message of a browser may be this long; the SDK keeps below. */
const MAX_MESSAGE_BYTES = 262_144;

/** Both transports of a peer, at once: one round trip to the worker. */
export async function openTransports(
  router: types.Router,
  webRtcServer: types.WebRtcServer,
  owner: ResourceOwner,
): Promise<PeerTransports> {
  const open = () =>
    router.createWebRtcTransport({
      webRtcServer,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      enableSctp: true,
      maxReceiveMessageSize: MAX_MESSAGE_BYTES,
      initialAvailableOutgoingBitrate: INITIAL_OUTGOING_BPS,
      appData: { owner },
    });
  const [send, receive] = await Promise.allSettled([open(), open()]);
  if (send.status === "fulfilled" && receive.status === "fulfilled")
    return { send: send.value, receive: receive.value };
  for (const opened of [send, receive]) if (opened.status === "fulfilled") opened.value.close();
  throw send.status === "rejected" ? send.reason : receive.status === "rejected" ? receive.reason : null;
}
