import { encodeJson } from "@fairlead/bus";
import { type RoomControl, type Source, subjects } from "@fairlead/protocol";
import { whileAlive } from "./call-mediasoup.ts";
import { silenceLingering } from "./linger.ts";
import type { Peer } from "./peer.ts";
import { Publisher } from "./publisher.ts";
import type { Room } from "./room.ts";
import { producerInfo, sourceOf } from "./room-events.ts";

/** A peer or a publisher, with the room that it is in. */
type Moderated = { room: Room; peer: Peer | Publisher };

/** A former place of the room lingers for less, from before this one was opened. */
const FORMER_PLACE_MS = 10_000;

/**
 * Mutes a source of an identity, or lifts the mute: a peer resumes by itself after that, a publisher is resumed.
 * @throws {FairleadError} `too_many_mutes`; `lease_lost` where the worker died meanwhile: the mute holds in the room's next place.
 */
export async function mutePeer({ room, peer }: Moderated, source: Source, muted: boolean): Promise<void> {
  const { identity } = peer;
  room.mutes.set(identity, source, muted);
  if (muted) tellFormerPlace(room, { identity, source });
  room.peerOfIdentity(identity)?.session.send({ name: "source.muted", data: { source, muted } });
  const senders = [...room.peers.values(), ...room.publishers.values()].filter(
    (one) => one.identity === identity,
  );
  if (muted) void silenceLingering(room, { identity, source });
  // The record is written first, so that the mute holds at the room's next place if this one is lost meanwhile.
  const recorded = room.deps.record({ mute: { identity, source, muted } });
  await Promise.all([recorded, ...senders.map((one) => applyMute({ room, peer: one }, source, muted))]);
}

/** Removes a peer or a publisher against its will. `ban`: neither its identity nor its ticket is admitted again. */
export async function expelPeer(
  { room, peer }: Moderated,
  { reason, ban }: { reason: string; ban: boolean },
): Promise<void> {
  if (ban) return banIdentity(room, peer.identity, reason);
  tellFormerPlace(room, { identity: peer.identity });
  if (peer instanceof Publisher) peer.close();
  else room.remove(peer, "removed", "peer_removed", reason);
}

/**
 * Bans an identity, removes every peer of it and bans their tickets. This happens in this very turn of the event loop, before the
 * record has it, so that a peer that is just being admitted meets the ban.
 *
 * @throws {FairleadError} `too_many_bans`: the record takes no more tickets. The peers stay out all the same until this room ends.
 */
export async function banIdentity(room: Room, identity: string, reason: string): Promise<void> {
  room.bans.add({ identity });
  tellFormerPlace(room, { identity });
  const ofIdentity = (one: { identity: string | null }) => one.identity === identity;
  for (const one of [...room.publishers.values(), ...room.viewers.values()].filter(ofIdentity)) one.close();
  const peers = room.members().filter(ofIdentity);
  for (const peer of peers) {
    room.bans.add(peer);
    room.remove(peer, "removed", "peer_removed", reason);
  }
  await Promise.all(peers.map(({ ticketId }) => room.deps.record({ ban: { identity, ticketId } })));
}

async function applyMute({ room, peer }: Moderated, source: Source, muted: boolean): Promise<void> {
  const producer = [...peer.producers.values()].find((one) => sourceOf(one) === source);
  if (!producer) return;
  if (muted) await whileAlive(peer.seat, () => producer.pause());
  const { producerId, paused } = producerInfo(room.mutes, peer, producer);
  if (paused) room.tell({ name: "producer.paused", data: { producerId, muted } });
  if (muted || !(peer instanceof Publisher)) return;
  // Nobody else would: its encoder knows of no mute.
  await whileAlive(peer.seat, () => producer.resume());
  room.tell({ name: "producer.resumed", data: { producerId } });
}

/** What lingers there of that identity, or of its source, ends at once. The room's record says the same of mutes and bans, a second later. */
function tellFormerPlace(room: Room, silenced: { identity: string; source?: Source }): void {
  const { deps, roomId, lease, openedMs, options } = room;
  // `live` of the build before listens to broadcasts' rooms, and ends at a message that it does not know.
  if (room.broadcast || options.kind === "broadcast") return;
  if (!deps.bus.isConnected || deps.now() - openedMs > FORMER_PLACE_MS) return;
  const said = { type: "moderated", roomId, epoch: lease.epoch, ...silenced } satisfies RoomControl;
  deps.bus.publish(subjects.roomControl(roomId), encodeJson(said));
}
