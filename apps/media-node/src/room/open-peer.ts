import type { JoinRequest, TicketClaims } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { ResourceOwner } from "../ledger.ts";
import type { PeerTransports } from "./peer.ts";

/** What a verified join brings. */
export type OpenPeer = { join: JoinRequest; claims: TicketClaims; peerId: string; sessionId: string };

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
  const [send, receive] = await Promise.all([open(), open()]);
  return { send, receive };
}
