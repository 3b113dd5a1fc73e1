import { CONSUMERS_PER_EVENT, type ConsumerInfo, inBatches } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { Peer } from "./peer.ts";
import { consumerInfo, consumersCreated } from "./room-events.ts";

/** Subscribes a peer that just came to every track of the others. */
export function subscribeToAll(peer: Peer, others: readonly Peer[]): void {
  const producers = others.flatMap((other) => [...other.producers.values()]);
  void subscribe(peer, producers);
}

/**
 * Makes a paused consumer for each producer, in groups, and tells the peer. Skips producers that the peer has a consumer of, may
 * not subscribe to, or can't decode.
 */
export async function subscribe(peer: Peer, producers: readonly types.Producer[]): Promise<void> {
  const wanted = producers.filter((producer) => isWanted(peer, producer));
  // Taken at once, so that a second request in the meantime doesn't make them again.
  for (const producer of wanted) peer.consumersByProducer.set(producer.id, "pending");
  for (const group of inBatches(wanted, CONSUMERS_PER_EVENT)) {
    const made = await Promise.all(group.map((producer) => consume(peer, producer)));
    const infos = made.filter((info) => info !== null);
    for (const event of consumersCreated(infos)) peer.session.send(event);
  }
}

function isWanted(peer: Peer, producer: types.Producer): boolean {
  if (!peer.grants.subscribe || producer.closed || peer.producers.has(producer.id)) return false;
  if (peer.consumersByProducer.has(producer.id)) return false;
  return peer.seat.canConsume(producer, peer.rtpCapabilities);
}

async function consume(peer: Peer, producer: types.Producer): Promise<ConsumerInfo | null> {
  try {
    const consumer = await peer.transports.receive.consume({
      producerId: producer.id,
      rtpCapabilities: peer.rtpCapabilities,
      paused: true,
      appData: { owner: peer.owner, peerId: producer.appData.peerId, source: producer.appData.source },
    });
    return keep(peer, producer, consumer);
  } catch (error) {
    peer.consumersByProducer.delete(producer.id);
    // The producer or the peer went away meanwhile, which is nobody's fault.
    if (!producer.closed && !peer.isClosed) peer.log.warn("consumer.failed", { peerId: peer.peerId, error });
    return null;
  }
}

/** @returns null when it was unsubscribed from, or its producer or its peer went away, while it was being made. */
function keep(peer: Peer, producer: types.Producer, consumer: types.Consumer): ConsumerInfo | null {
  const isPending = peer.consumersByProducer.get(producer.id) === "pending";
  const isStillWanted = isPending && !peer.isClosed && !consumer.closed && !producer.closed;
  if (!isStillWanted) {
    consumer.close();
    if (isPending) peer.consumersByProducer.delete(producer.id);
    return null;
  }
  peer.consumersByProducer.set(producer.id, consumer);
  consumer.on("producerclose", () => forget(peer, consumer));
  return consumerInfo(consumer);
}

export function unsubscribe(peer: Peer, producerId: string): void {
  const slot = peer.consumersByProducer.get(producerId);
  if (!slot) return;
  if (slot === "pending") {
    peer.consumersByProducer.delete(producerId);
    return;
  }
  slot.close();
  forget(peer, slot);
}

function forget(peer: Peer, consumer: types.Consumer): void {
  if (peer.consumersByProducer.get(consumer.producerId) !== consumer) return;
  peer.consumersByProducer.delete(consumer.producerId);
  peer.session.send({ name: "consumer.closed", data: { consumerId: consumer.id } });
}
