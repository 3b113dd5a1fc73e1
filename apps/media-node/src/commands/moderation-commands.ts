import { FairleadError } from "@fairlead/protocol";
import { expelPeer, mutePeer } from "../room/moderate.ts";
import type { Peer } from "../room/peer.ts";
import type { Publisher } from "../room/publisher.ts";
import type { PeerInRoom } from "../room/room.ts";
import type { CommandHandlers } from "./command-handlers.ts";

export const moderationCommands = {
  "peer.mute": async ({ room, peer }, { peerId, source, muted }) => {
    const target = targetOf({ room, peer }, peerId);
    await mutePeer({ room, peer: target }, source, muted);
    return {};
  },
  "peer.remove": async ({ room, peer }, { peerId, reason, ban }) => {
    const target = targetOf({ room, peer }, peerId);
    await expelPeer({ room, peer: target }, { reason, ban });
    return {};
  },
} satisfies Partial<CommandHandlers>;

/** @throws {FairleadError} `grant_missing`, `peer_not_found`. */
function targetOf({ room, peer: { grants } }: PeerInRoom, peerId: string): Peer | Publisher {
  if (!grants.moderate)
    throw new FairleadError("grant_missing", { message: "the ticket does not grant moderating" });
  const target = room.peerOrPublisher(peerId);
  if (room.peers.get(peerId)?.grants.moderate && !grants.moderateModerators)
    throw new FairleadError("grant_missing", { message: "the ticket does not grant moderating moderators" });
  return target;
}
