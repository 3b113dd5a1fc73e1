import { CONSUMERS_PER_EVENT, type ConsumerInfo, type DataConsumerInfo, inBatches } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { Peer } from "./peer.ts";
import { consumerInfo, consumersCreated } from "./room-events.ts";

/** Every track in the room, for a peer that just came. */
export function subscribeToAll(peer: Peer): void {
  const producers = peer.room.othersThan(peer).flatMap((other) => [...other.producers.values()]);
  void subscribe(peer, producers);
}

/** What others send, for a peer that just came. */
export function subscribeToAllData(peer: Peer): void {
  const producers = peer.room.othersThan(peer).flatMap((other) => [...other.dataProducers.values()]);
  for (const producer of producers) void subscribeToData(peer, producer);
}

/**
 * Makes a paused consumer for each producer, in groups, and tells the peer. What it has already, may not have, or can't
 * decode is passed over.
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
  const { router } = peer.room;
  if (!peer.grants.subscribe || producer.closed || peer.producers.has(producer.id)) return false;
  if (peer.consumersByProducer.has(producer.id)) return false;
  try {
    return router.canConsume({ producerId: producer.id, rtpCapabilities: peer.rtpCapabilities });
  } catch {
    // Capabilities that mediasoup can't read decode nothing.
    return false;
  }
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
    if (!producer.closed && !peer.isClosed)
      peer.room.log.warn("consumer.failed", { peerId: peer.peerId, error });
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

/** Data needs no resume and no codec: everybody who may subscribe gets it. */
export async function subscribeToData(peer: Peer, producer: types.DataProducer): Promise<void> {
  if (!peer.grants.subscribe || producer.closed || peer.dataSubscriptions.has(producer.id)) return;
  peer.dataSubscriptions.add(producer.id);
  try {
    const consumer = await peer.transports.receive.consumeData({
      dataProducerId: producer.id,
      appData: { owner: peer.owner },
    });
    // Gone while it was being made: mediasoup tells neither then.
    if (peer.isClosed || producer.closed) {
      consumer.close();
      return;
    }
    const info = dataConsumerInfo(consumer, producer);
    peer.dataConsumers.set(consumer.id, info);
    consumer.on("dataproducerclose", () => {
      peer.dataSubscriptions.delete(producer.id);
      if (peer.dataConsumers.delete(consumer.id))
        peer.session.send({ name: "data_consumer.closed", data: { dataConsumerId: consumer.id } });
    });
    peer.session.send({ name: "data_consumers.created", data: { dataConsumers: [info] } });
  } catch (error) {
    peer.dataSubscriptions.delete(producer.id);
    if (!producer.closed && !peer.isClosed)
      peer.room.log.warn("data_consumer.failed", { peerId: peer.peerId, error });
  }
}

function dataConsumerInfo(consumer: types.DataConsumer, producer: types.DataProducer): DataConsumerInfo {
  return {
    dataConsumerId: consumer.id,
    dataProducerId: producer.id,
    peerId: String(producer.appData.peerId),
    label: consumer.label,
    protocol: consumer.protocol,
    sctpStreamParameters: consumer.sctpStreamParameters ?? {},
  };
}
