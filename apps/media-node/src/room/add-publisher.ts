import { FairleadError, type PeerInfo, randomId } from "@fairlead/protocol";
import { announceProducer, KEY_FRAME_REQUEST_DELAY_MS } from "./announce-producer.ts";
import { Publisher } from "./publisher.ts";
import type { SeatInRoom } from "./room.ts";

export type PublisherSettings = Pick<PeerInfo, "identity" | "name" | "metadata"> & { followsRoom?: boolean };

/**
 * What comes into a room without a peer, by whatever way: the seam of all ingest. The others see one that has joined and only sends. It
 * is in no limit of peers, and holds its room as a peer does.
 * @throws {FairleadError} `lease_lost` when the room or the seat is gone.
 */
export function addPublisher({ room, seat }: SeatInRoom, settings: PublisherSettings): Publisher {
  if (room.takesNobody || seat.closed) throw new FairleadError("lease_lost");
  const { roomId, log } = room;
  const { followsRoom = false, ...facts } = settings;
  const info = { ...facts, peerId: randomId(), joinedAtMs: room.deps.now() };
  const { peerId } = info;
  const publisher = new Publisher({
    info,
    seat,
    keyFrameRequestDelayMs: KEY_FRAME_REQUEST_DELAY_MS,
    followsRoom,
    isMuted: (source) => room.mutes.has(info.identity, source),
    onProducer: (peer, producer) => announceProducer({ room, peer }, producer),
    onProducerClosed: (producerId) => room.tell({ name: "producer.closed", data: { producerId } }),
    onClosed: () => {
      room.publishers.delete(peerId);
      room.noteLeft();
      room.speakers.handleLeft(peerId);
      room.tell({ name: "peer.left", data: { peerId, reason: "left" } });
      log.info("publisher.left", { roomId, peerId });
    },
  });
  room.arrivals.add(info, room.peers.size);
  room.publishers.set(peerId, publisher);
  log.info("publisher.joined", { roomId, peerId, core: seat.core });
  return publisher;
}
