import type { Source } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { refuseBadMedia } from "../call-mediasoup.ts";
import type { Peer } from "./peer.ts";
import { producerInfo } from "./room-events.ts";

/** Holds a source of a peer muted, or lets it go; the peer itself resumes what was let go. */
export async function mutePeer(peer: Peer, source: Source, muted: boolean): Promise<void> {
  const { room, identity } = peer;
  room.mutes.set(identity, source, muted);
  peer.session.send({ name: "source.muted", data: { source, muted } });
  const producer = peer.producerOf(source);
  if (producer) await tellMute(peer, producer, muted);
  await room.deps.record({ mute: { identity, source, muted } });
}

/** Removes a peer against its will. `ban`: neither its identity nor its ticket comes back. */
export async function expelPeer(
  peer: Peer,
  { reason, ban }: { reason: string; ban: boolean },
): Promise<void> {
  const { room, identity, ticketId } = peer;
  // At once, so that it can't be back before the record says so.
  if (ban) room.bans.add({ identity, ticketId });
  room.remove(peer, "removed", "peer_removed", reason);
  if (ban) await room.deps.record({ ban: { identity, ticketId } });
}

async function tellMute(peer: Peer, producer: types.Producer, muted: boolean): Promise<void> {
  if (muted) await refuseBadMedia(peer, () => producer.pause());
  const { producerId, paused } = producerInfo(peer.room, peer, producer);
  if (paused) peer.room.broadcast({ name: "producer.paused", data: { producerId, muted } });
}
