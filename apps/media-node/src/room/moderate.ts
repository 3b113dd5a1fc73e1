import type { Source } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { whileAlive } from "./call-mediasoup.ts";
import type { PeerInRoom, Room } from "./room.ts";
import { producerInfo } from "./room-events.ts";

/**
 * Holds a source of a peer muted, or lets it go; the peer itself resumes what was let go.
 * @throws {FairleadError} `too_many_mutes`; `lease_lost` where the worker died meanwhile: it holds in the room's next place.
 */
export async function mutePeer({ room, peer }: PeerInRoom, source: Source, muted: boolean): Promise<void> {
  const { identity } = peer;
  room.mutes.set(identity, source, muted);
  peer.session.send({ name: "source.muted", data: { source, muted } });
  const producer = peer.producerOf(source);
  // The record first: where the room is lost meanwhile, it holds there.
  const recorded = room.deps.record({ mute: { identity, source, muted } });
  await Promise.all([recorded, producer && applyMute({ room, peer }, producer, muted)]);
}

/** Removes a peer against its will. `ban`: neither its identity nor its ticket comes back. */
export async function expelPeer(
  { room, peer }: PeerInRoom,
  { reason, ban }: { reason: string; ban: boolean },
): Promise<void> {
  if (ban) await banIdentity(room, peer.identity, reason);
  else room.remove(peer, "removed", "peer_removed", reason);
}

/**
 * Keeps an identity out, and removes every peer of it, whose tickets are banned too. In this very turn, before the record says so:
 * who is just being admitted meets the ban.
 *
 * @throws {FairleadError} `too_many_bans`: of tickets. They are out all the same, until this room's end.
 */
export async function banIdentity(room: Room, identity: string, reason: string): Promise<void> {
  room.bans.add({ identity });
  const peers = [...room.peers.values()].filter((peer) => peer.identity === identity);
  for (const peer of peers) {
    room.bans.add(peer);
    room.remove(peer, "removed", "peer_removed", reason);
  }
  await Promise.all(peers.map(({ ticketId }) => room.deps.record({ ban: { identity, ticketId } })));
}

async function applyMute(
  { room, peer }: PeerInRoom,
  producer: types.Producer,
  muted: boolean,
): Promise<void> {
  if (muted) await whileAlive(peer.seat, () => producer.pause());
  const { producerId, paused } = producerInfo(room.mutes, peer, producer);
  if (paused) room.broadcast({ name: "producer.paused", data: { producerId, muted } });
}
