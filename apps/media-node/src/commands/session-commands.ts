import type { CommandHandlers } from "./command-handlers.ts";

export const sessionCommands = {
  "session.leave": ({ room, peer }) => {
    room.remove(peer, "left", null);
    return {};
  },
} satisfies Partial<CommandHandlers>;
