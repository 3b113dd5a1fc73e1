import { FairleadError } from "@fairlead/protocol";
import type { Peer } from "../room/peer.ts";
import type { CommandHandlers } from "./act.ts";

export const moderationCommands = {
  "peer.mute": async (peer, { peerId, source, muted }) => {
    assertModerator(peer);
    const { room } = peer;
    const target = room.peer(peerId);
    await room.mute(target, source, muted);
    room.deps.recordMute({ identity: target.identity, source, muted });
    return {};
  },
  "peer.remove": (peer, { peerId, reason }) => {
    assertModerator(peer);
    const { room } = peer;
    const target = room.peer(peerId);
    room.ban(target);
    room.deps.recordBan({ identity: target.identity, ticketId: target.ticketId });
    room.remove(target, "removed", "peer_removed", reason);
    return {};
  },
} satisfies Partial<CommandHandlers>;

function assertModerator(peer: Peer): void {
  if (!peer.grants.moderate)
    throw new FairleadError("grant_missing", { message: "the ticket does not grant moderating" });
}
