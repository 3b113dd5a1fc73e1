import { type DataConsumerInfo, inBatches } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { deliveryOf } from "./data-delivery.ts";
import type { Peer } from "./peer.ts";
import type { PeerInRoom } from "./room.ts";

/** Made together, before others get their turn. */
const AT_ONCE = 10;

/** Subscribes a peer that just came to everything that the others send: paced, and not charged. */
export function subscribeToAllData({ room, peer }: PeerInRoom): void {
  const producers = room.othersThan(peer).flatMap((other) => [...other.dataProducers.values()]);
  const wanted = producers.filter((producer) => take(peer, producer));
  for (const some of inBatches(wanted, AT_ONCE)) void room.queue.push(() => make({ room, peer }, some));
}

/** Data needs no resume and no codec: everybody who may subscribe gets it. */
export function dataAudienceOf({ room, peer }: PeerInRoom): Peer[] {
  return room.othersThan(peer).filter((other) => other.grants.subscribe);
}

/**
 * Gives the others their ends of a data producer, paced; none once it has closed.
 * @returns Resolves when they have them.
 */
export async function offerData({ room, peer }: PeerInRoom, producer: types.DataProducer): Promise<void> {
  const others = dataAudienceOf({ room, peer }).filter((other) => take(other, producer));
  const jobs = inBatches(others, AT_ONCE).map((some) =>
    room.queue.push(() => Promise.all(some.map((other) => make({ room, peer: other }, [producer])))),
  );
  await Promise.all(jobs);
}

function take({ grants, dataSubscriptions }: Peer, { id, closed }: types.DataProducer): boolean {
  if (!grants.subscribe || closed || dataSubscriptions.has(id)) return false;
  dataSubscriptions.add(id);
  return true;
}

async function make(at: PeerInRoom, producers: readonly types.DataProducer[]): Promise<void> {
  const { peer } = at;
  const made = await Promise.all(producers.map((producer) => consume(at, producer)));
  const dataConsumers = made
    .filter((info) => info !== null)
    .filter((info) => peer.dataConsumers.has(info.dataConsumerId));
  if (dataConsumers.length > 0)
    peer.session.send({ name: "data_consumers.created", data: { dataConsumers } });
}

async function consume(
  { room, peer }: PeerInRoom,
  producer: types.DataProducer,
): Promise<DataConsumerInfo | null> {
  try {
    if (peer.isClosed || producer.closed) return giveUp(peer, producer);
    const supply = await room.span.bring(producer, peer.seat);
    const consumer = await peer.transports.receive.consumeData({
      dataProducerId: supply.id,
      appData: { owner: peer.owner },
    });
    supply.piped?.serve(consumer);
    const info = keep(peer, producer, consumer);
    if (info) deliveryOf(producer).handleConsumer(peer, consumer, supply.piped);
    return info;
  } catch (error) {
    if (!producer.closed && !peer.isClosed)
      peer.log.warn("data_consumer.failed", { peerId: peer.peerId, error });
    return giveUp(peer, producer);
  }
}

/** @returns null when its producer or its peer went away while it was being made, of which mediasoup tells neither. */
function keep(
  peer: Peer,
  producer: types.DataProducer,
  consumer: types.DataConsumer,
): DataConsumerInfo | null {
  if (peer.isClosed || producer.closed) {
    consumer.close();
    return giveUp(peer, producer);
  }
  const info = dataConsumerInfo(consumer, producer);
  peer.dataConsumers.set(consumer.id, info);
  peer.dataEnds.add(consumer);
  consumer.observer.once("close", () => peer.dataEnds.delete(consumer));
  consumer.on("dataproducerclose", () => {
    peer.dataSubscriptions.delete(producer.id);
    if (peer.dataConsumers.delete(consumer.id))
      peer.session.send({ name: "data_consumer.closed", data: { dataConsumerId: consumer.id } });
  });
  return info;
}

function giveUp(peer: Peer, { id }: types.DataProducer): null {
  peer.dataSubscriptions.delete(id);
  return null;
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
