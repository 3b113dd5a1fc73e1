import type { DataConsumerInfo } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { Peer } from "./peer.ts";

/** Subscribes a peer that just came to everything that the others send. */
export function subscribeToAllData(peer: Peer, others: readonly Peer[]): void {
  const producers = others.flatMap((other) => [...other.dataProducers.values()]);
  for (const producer of producers) void subscribeToData(peer, producer);
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
      peer.log.warn("data_consumer.failed", { peerId: peer.peerId, error });
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
