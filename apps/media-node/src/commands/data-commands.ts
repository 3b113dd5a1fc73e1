import { type CommandRequest, FairleadError, TooLateError, within } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { refuseBadMedia } from "../room/call-mediasoup.ts";
import { DataDelivery, deliveryOf } from "../room/data-delivery.ts";
import { dataAudienceOf, offerData } from "../room/data-subscriptions.ts";
import type { PeerInRoom } from "../room/room.ts";
import type { CommandHandlers } from "./command-handlers.ts";

/** A reliable and an unreliable one, and a few of the app's own: each costs every other peer a consumer. */
const DATA_PRODUCERS_PER_PEER = 8;
/** The longest that a sender waits until the others can hear it. */
const AUDIENCE_MS = 1_000;

export const dataCommands = {
  "data_producer.create": async ({ room, peer }, request) => {
    if (!peer.grants.data)
      throw new FairleadError("grant_missing", { message: "the ticket does not grant sending data" });
    if (peer.dataProducers.size + peer.pendingDataProducers >= DATA_PRODUCERS_PER_PEER)
      throw new FairleadError("producer_limit");
    peer.budgets.charge({ dataProducers: 1, consumers: dataAudienceOf({ room, peer }).length });
    peer.pendingDataProducers += 1;
    try {
      return { dataProducerId: (await peer.turns.take(() => produceData({ room, peer }, request))).id };
    } finally {
      peer.pendingDataProducers -= 1;
    }
  },
  "data_consumers.opened": ({ room, peer }, { dataConsumerIds }) => {
    for (const id of dataConsumerIds) {
      const { peerId = "", dataProducerId = "" } = peer.dataConsumers.get(id) ?? {};
      const producer = room.peers.get(peerId)?.dataProducers.get(dataProducerId);
      if (producer) deliveryOf(producer).announce(peer);
    }
    return {};
  },
  "data_producer.await": async ({ room, peer }, { dataProducerId, ...awaited }) => {
    const producer = peer.dataProducers.get(dataProducerId);
    if (!producer) throw new FairleadError("data_producer_not_found");
    return deliveryOf(producer).wait(producer, { ...awaited, others: () => dataAudienceOf({ room, peer }) });
  },
  "data_producer.close": ({ peer }, { dataProducerId }) => {
    const producer = peer.dataProducers.get(dataProducerId);
    if (!producer) throw new FairleadError("data_producer_not_found");
    peer.dataProducers.delete(dataProducerId);
    producer.close();
    return {};
  },
} satisfies Partial<CommandHandlers>;

function ignoreLateness(error: unknown): void {
  if (!(error instanceof TooLateError)) throw error;
}

async function produceData(
  { room, peer }: PeerInRoom,
  { label, protocol, sctpStreamParameters }: CommandRequest<"data_producer.create">,
): Promise<types.DataProducer> {
  if (peer.isClosed) throw new FairleadError("session_gone");
  const producer = await refuseBadMedia(peer, () =>
    peer.sendTransport.produceData({
      label,
      protocol,
      sctpStreamParameters: sctpStreamParameters as types.SctpStreamParameters,
      appData: { owner: peer.owner, peerId: peer.peerId, delivery: new DataDelivery() },
    }),
  );
  // Its peer left while it was being made: mediasoup has not closed it with the transport.
  if (peer.isClosed) {
    producer.close();
    throw new FairleadError("session_gone");
  }
  peer.dataProducers.set(producer.id, producer);
  // Messages that are sent before the others have their ends of the channel are lost to them, so the sender is answered after that;
  // in a busy room it does not wait for the last of them.
  await within(AUDIENCE_MS, offerData({ room, peer }, producer)).catch(ignoreLateness);
  return producer;
}
