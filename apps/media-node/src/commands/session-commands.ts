import type { CommandHandlers } from "./act.ts";

export const sessionCommands = {
  "session.leave": (peer) => {
    peer.room.remove(peer, "left", null);
    return {};
  },
} satisfies Partial<CommandHandlers>;
