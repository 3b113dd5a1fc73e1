import {
  CONSUMERS_PER_EVENT,
  type ConsumerInfo,
  inBatches,
  type ProducerInfo,
  type RoomEvent,
  type Source,
} from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { Mutes } from "./mutes.ts";
import type { Peer } from "./peer.ts";

/** The part of a room that a snapshot describes. */
export type RoomView = {
  roomId: string;
  peers: ReadonlyMap<string, Peer>;
  mutes: Mutes;
  speakerId: string | null;
};

/** The whole state as one peer sees it, in bounded events, from `snapshot.started` to `snapshot.ended`. */
export function snapshotFor(room: RoomView, peer: Peer): RoomEvent[] {
  const peers = [...room.peers.values()];
  const producers = peers.flatMap((other) => producerInfos(room.mutes, other));
  const consumers = peer.consumers().map((consumer) => consumerInfo(consumer));
  const dataConsumers = [...peer.dataConsumers.values()];
  return [
    { name: "snapshot.started", data: { roomId: room.roomId, peerId: peer.peerId, grants: peer.grants } },
    ...inBatches(peers).map(
      (some): RoomEvent => ({ name: "peers.joined", data: { peers: some.map((p) => p.info) } }),
    ),
    ...producersCreated(producers),
    ...consumersCreated(consumers),
    ...inBatches(dataConsumers).map(
      (some): RoomEvent => ({ name: "data_consumers.created", data: { dataConsumers: some } }),
    ),
    ...room.mutes
      .sourcesOf(peer.identity)
      .map((source): RoomEvent => ({ name: "source.muted", data: { source, muted: true } })),
    { name: "speaker.changed", data: { peerId: room.speakerId } },
    { name: "snapshot.ended", data: {} },
  ];
}

export function producersCreated(producers: ProducerInfo[]): RoomEvent[] {
  return inBatches(producers).map((some) => ({
    name: "producers.created",
    data: { producers: some },
  }));
}

export function consumersCreated(consumers: ConsumerInfo[]): RoomEvent[] {
  return inBatches(consumers, CONSUMERS_PER_EVENT).map((some) => ({
    name: "consumers.created",
    data: { consumers: some },
  }));
}

export function sourceOf(producer: types.Producer): Source {
  return producer.appData.source as Source;
}

export function producerInfos(mutes: Mutes, peer: Peer): ProducerInfo[] {
  return [...peer.producers.values()].map((producer) => producerInfo(mutes, peer, producer));
}

export function producerInfo(mutes: Mutes, peer: Peer, producer: types.Producer): ProducerInfo {
  const source = sourceOf(producer);
  const muted = mutes.has(peer.identity, source);
  return {
    producerId: producer.id,
    peerId: peer.peerId,
    kind: producer.kind,
    source,
    paused: producer.paused,
    muted,
  };
}

export function consumerInfo(consumer: types.Consumer): ConsumerInfo {
  const { peerId, source } = consumer.appData as Pick<ConsumerInfo, "peerId" | "source">;
  return {
    consumerId: consumer.id,
    producerId: consumer.producerId,
    peerId,
    kind: consumer.kind,
    source,
    rtpParameters: consumer.rtpParameters as unknown as ConsumerInfo["rtpParameters"],
    producerPaused: consumer.producerPaused,
  };
}
