import { DEFAULT_MAX_INCOMING_BITRATE_BPS, type RoomOptions } from "@fairlead/protocol";
import type { Peer } from "./peer.ts";

/** What a peer of the room may send, bits/s. */
export function maxIncomingBitrateBps({ maxIncomingBitrateBps: bound }: RoomOptions): number {
  return bound ?? DEFAULT_MAX_INCOMING_BITRATE_BPS;
}

/** Tells a peer's browser, which may heed it or not: `BitrateWatch` measures. */
export function adviseBitrate(options: RoomOptions, { transports }: Peer): void {
  // The transport may close with its peer meanwhile.
  transports.send?.setMaxIncomingBitrate(maxIncomingBitrateBps(options)).catch(() => {});
}
