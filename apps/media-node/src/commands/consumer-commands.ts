import { FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { refuseBadMedia } from "../room/call-mediasoup.ts";
import type { Peer } from "../room/peer.ts";
import { subscribe, unsubscribe } from "../room/subscriptions.ts";
import type { CommandHandlers } from "./command-handlers.ts";

export const consumerCommands = {
  "producers.subscribe": ({ room, peer }, { producerIds }) => {
    if (!peer.grants.subscribe)
      throw new FairleadError("grant_missing", { message: "the ticket does not grant subscribing" });
    const known = [...room.peers.values()].flatMap((other) => [...other.producers.values()]);
    void subscribe(
      peer,
      known.filter((producer) => producerIds.includes(producer.id)),
    );
    return {};
  },
  "producers.unsubscribe": ({ peer }, { producerIds }) => {
    for (const producerId of producerIds) unsubscribe(peer, producerId);
    return {};
  },
  /** Skips consumers that have just closed. */
  "consumers.resume": async ({ peer }, { consumerIds }) => {
    await refuseBadMedia(peer, () =>
      Promise.all(peer.consumers(consumerIds).map((consumer) => consumer.resume())),
    );
    return {};
  },
  "consumers.pause": async ({ peer }, { consumerIds }) => {
    await refuseBadMedia(peer, () =>
      Promise.all(peer.consumers(consumerIds).map((consumer) => consumer.pause())),
    );
    return {};
  },
  "consumer.set_preferred_layers": async ({ peer }, { consumerId, ...layers }) => {
    await refuseBadMedia(peer, () => consumerOf(peer, consumerId).setPreferredLayers(layers));
    return {};
  },
  "consumer.request_key_frame": async ({ peer }, { consumerId }) => {
    await refuseBadMedia(peer, () => consumerOf(peer, consumerId).requestKeyFrame());
    return {};
  },
} satisfies Partial<CommandHandlers>;

function consumerOf(peer: Peer, consumerId: string): types.Consumer {
  const consumer = peer.consumers([consumerId])[0];
  if (!consumer) throw new FairleadError("consumer_not_found");
  return consumer;
}
