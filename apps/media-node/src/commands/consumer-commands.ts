import { FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { refuseBadMedia } from "../room/call-mediasoup.ts";
import type { Peer } from "../room/peer.ts";
import { subscribe, unsubscribe } from "../room/subscriptions.ts";
import type { CommandHandlers } from "./command-handlers.ts";

export const consumerCommands = {
  "producers.subscribe": async ({ room, peer }, { producerIds }) => {
    if (!peer.grants.subscribe)
      throw new FairleadError("grant_missing", { message: "the ticket does not grant subscribing" });
    const ids = new Set(producerIds);
    const isPreview = peer.isViewer && !room.audience.isRevealed;
    const known = isPreview ? [] : room.senders().flatMap((other) => [...other.producers.values()]);
    const refused = await subscribe(
      { room, peer },
      known.filter((producer) => ids.has(producer.id)),
    );
    return refused.length > 0 ? { refused } : {};
  },
  "producers.unsubscribe": ({ peer }, { producerIds }) => {
    for (const producerId of producerIds) unsubscribe(peer, producerId);
    return {};
  },
  /** Skips consumers that have just closed. */
  "consumers.resume": async ({ peer }, { consumerIds }) => {
    const consumers = peer.consumers(consumerIds);
    peer.budgets.charge({ switches: consumers.length });
    const { switches } = peer;
    await refuseBadMedia(peer, () => switches.each(consumers, (consumer) => switches.resume(consumer)));
    return {};
  },
  "consumers.pause": async ({ peer }, { consumerIds }) => {
    const consumers = peer.consumers(consumerIds);
    const { switches } = peer;
    await refuseBadMedia(peer, () => switches.each(consumers, (consumer) => switches.pause(consumer)));
    return {};
  },
  "consumer.set_preferred_layers": async ({ peer }, { consumerId, ...layers }) => {
    const consumer = consumerOf(peer, consumerId);
    peer.budgets.charge({ switches: 1 });
    await refuseBadMedia(peer, () => consumer.setPreferredLayers(layers));
    return {};
  },
  "consumer.request_key_frame": async ({ peer }, { consumerId }) => {
    const consumer = consumerOf(peer, consumerId);
    peer.budgets.charge({ keyFrames: 1 });
    await refuseBadMedia(peer, () => consumer.requestKeyFrame());
    return {};
  },
} satisfies Partial<CommandHandlers>;

function consumerOf(peer: Peer, consumerId: string): types.Consumer {
  const consumer = peer.consumers([consumerId])[0];
  if (!consumer) throw new FairleadError("consumer_not_found");
  return consumer;
}
