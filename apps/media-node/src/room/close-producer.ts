import type { types } from "mediasoup";
import type { PeerInRoom } from "./room.ts";

/** Closes a producer of a peer, and tells everybody. @param code Why the node did it; without: its peer did. */
export function closeProducer({ room, peer }: PeerInRoom, producer: types.Producer, code?: string): void {
  const { id: producerId } = producer;
  peer.producers.delete(producerId);
  producer.close();
  room.tell({ name: "producer.closed", data: { producerId, ...(code ? { code } : {}) } });
}
