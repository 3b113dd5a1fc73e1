import type { Entrance } from "./use-viewing.ts";
import { WhepPlayer } from "./whep-player.ts";

export const BY_WHEP: Entrance<WhepPlayer> = {
  enter: async ({ seat, renewSeat, onEnded }) => {
    const renewBearer = async () => (await renewSeat())?.ticket;
    const player = new WhepPlayer({ url: seat.whepUrl, bearer: seat.ticket, renewBearer, onEnded });
    void player.run();
    return player;
  },
  leave: (player) => player.close(),
};
