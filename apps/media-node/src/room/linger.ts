import type { Mute } from "@fairlead/protocol";
import { LINGER_MS } from "./reseat.ts";
import type { Room } from "./room.ts";
import { untilLeft } from "./until-left.ts";

/** `ticketId`: null of a publisher, which comes without one. */
type Lingerer = { identity: string; ticketId: string | null };

/**
 * The room is served elsewhere: nothing is left of it here but the media that flows, for peers that build theirs anew there. What comes back
 * by itself once it is cut, as encoders by WHIP and viewers by WHEP do, is cut at once.
 * @param onLeft Called once all who had media here have closed it.
 */
export function linger(room: Room, onLeft: () => void): void {
  room.isLingering = true;
  room.arrivals.close();
  for (const peer of room.members()) peer.session.abandon(LINGER_MS);
  for (const viewer of [...room.viewers.values()]) viewer.close();
  for (const [id, publisher] of [...room.publishers]) {
    if (publisher.followsRoom) continue;
    publisher.abandon();
    room.publishers.delete(id);
  }
  // Not in this turn: the caller is still giving the room up.
  queueMicrotask(() => whenLeft(room, onLeft));
}

/** Ends what still flows of those. */
export function removeLingering(room: Room, isMeant: (one: Lingerer) => boolean): void {
  for (const peer of [...room.members(), ...room.lingering.keys()].filter(isMeant)) peer.close();
  for (const publisher of [...room.publishers.values()])
    if (isMeant({ identity: publisher.identity, ticketId: null })) publisher.close();
}

/** Nobody resumes it here any more. Never rejects. */
export async function silenceLingering(room: Room, { identity, source }: Mute): Promise<void> {
  const muted = [...room.senders(), ...room.lingering.keys()]
    .filter((sender) => sender.identity === identity)
    .flatMap(({ producers }) => [...producers.values()])
    .filter(({ appData, paused }) => appData.source === source && !paused);
  // The worker died, or its peer has gone meanwhile: it is silent either way.
  await Promise.allSettled(muted.map((producer) => producer.pause()));
}

function whenLeft(room: Room, onLeft: () => void): void {
  const peers = [...room.members(), ...room.lingering.keys()].map(untilLeft);
  const publishers = [...room.publishers.values()].map(({ ended }) => ended);
  void Promise.all([...peers, ...publishers]).then(onLeft);
}
