import { FairleadError } from "@fairlead/protocol";
import { expelPeer, mutePeer } from "../room/moderate.ts";
import type { Peer } from "../room/peer.ts";
import type { CommandHandlers } from "./command-handlers.ts";

export const moderationCommands = {
  "peer.mute": async ({ room, peer }, { peerId, source, muted }) => {
    assertModerator(peer);
    await mutePeer({ room, peer: room.peer(peerId) }, source, muted);
    return {};
  },
  "peer.remove": async ({ room, peer }, { peerId, reason }) => {
    assertModerator(peer);
    await expelPeer({ room, peer: room.peer(peerId) }, { reason, ban: true });
    return {};
  },
} satisfies Partial<CommandHandlers>;

function assertModerator(peer: Peer): void {
  if (!peer.grants.moderate)
    throw new FairleadError("grant_missing", { message: "the ticket does not grant moderating" });
}
