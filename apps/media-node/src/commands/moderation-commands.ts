import { FairleadError } from "@fairlead/protocol";
import { expelPeer, mutePeer } from "../room/moderate.ts";
import type { Peer } from "../room/peer.ts";
import type { CommandHandlers } from "./act.ts";

export const moderationCommands = {
  "peer.mute": async (peer, { peerId, source, muted }) => {
    assertModerator(peer);
    await mutePeer(peer.room.peer(peerId), source, muted);
    return {};
  },
  "peer.remove": async (peer, { peerId, reason }) => {
    assertModerator(peer);
    await expelPeer(peer.room.peer(peerId), { reason, ban: true });
    return {};
  },
} satisfies Partial<CommandHandlers>;

function assertModerator(peer: Peer): void {
  if (!peer.grants.moderate)
    throw new FairleadError("grant_missing", { message: "the ticket does not grant moderating" });
}
