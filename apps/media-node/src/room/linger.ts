import type { Mute } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { Peer } from "./peer.ts";
import type { Room } from "./room.ts";

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
  for (const peer of room.members()) peer.session.abandon();
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
  for (const peer of room.members().filter(isMeant)) peer.close();
  for (const publisher of [...room.publishers.values()])
    if (isMeant({ identity: publisher.identity, ticketId: null })) publisher.close();
}

/** Nobody resumes it here any more. Never rejects. */
export async function silenceLingering(room: Room, { identity, source }: Mute): Promise<void> {
  const muted = room
    .senders()
    .filter((sender) => sender.identity === identity)
    .flatMap(({ producers }) => [...producers.values()])
    .filter(({ appData, paused }) => appData.source === source && !paused);
  // The worker died, or its peer has gone meanwhile: it is silent either way.
  await Promise.allSettled(muted.map((producer) => producer.pause()));
}

function whenLeft(room: Room, onLeft: () => void): void {
  const used = room.members().flatMap(transportsOf).filter(isUsed);
  const publishers = [...room.publishers.values()].map(({ ended }) => ended);
  void Promise.all([...used.map(untilClosed), ...publishers]).then(onLeft);
}

function transportsOf({ transports: { send, receive } }: Peer): types.WebRtcTransport[] {
  return send ? [send, receive] : [receive];
}

/** One that never connected carries nothing. */
function isUsed({ closed, dtlsState }: types.WebRtcTransport): boolean {
  return !closed && (dtlsState === "connected" || dtlsState === "connecting");
}

/** Its client closed it, which DTLS tells, or it went with its peer or its worker. */
function untilClosed(transport: types.WebRtcTransport): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  transport.observer.once("close", () => resolve());
  transport.on("dtlsstatechange", (state) => {
    if (state === "closed" || state === "failed") resolve();
  });
  if (transport.closed) resolve();
  return promise;
}
