import type { CommandName, CommandReply, CommandRequest } from "@fairlead/protocol";
import type { PeerInRoom } from "../room/room.ts";

/** One handler per command. Grants are checked in them, where the effect happens. */
export type CommandHandlers = {
  [N in CommandName]: (
    at: PeerInRoom,
    request: CommandRequest<N>,
  ) => Promise<CommandReply<N>> | CommandReply<N>;
};
