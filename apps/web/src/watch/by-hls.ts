import { HlsPlayer } from "./hls-player.ts";
import type { Entrance } from "./use-viewing.ts";

/** It plays once it has an element. */
export const BY_HLS: Entrance<HlsPlayer> = {
  enter: async ({ seat, renewSeat, onEnded }) => {
    const renewBearer = async () => (await renewSeat())?.ticket;
    return new HlsPlayer({ url: seat.hlsUrl, bearer: seat.ticket, renewBearer, onEnded });
  },
  leave: (player) => player.close(),
};
