import {
  CONSUMERS_PER_EVENT,
  type ConsumerInfo,
  inBatches,
  type ProducerInfo,
  type RoomEvent,
  type Source,
} from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { BroadcastView } from "./broadcast-view.ts";
import type { Mutes } from "./mutes.ts";
import type { Peer } from "./peer.ts";
import type { Sender } from "./sender.ts";

/** The part of a room that a snapshot describes. */
export type RoomView = {
  roomId: string;
  /** Of its peers and publishers. */
  senders: () => Sender[];
  sender: (peerId: string) => Sender | undefined;
  mutes: Mutes;
  speakerId: string | null;
  audience: { isRevealed: boolean };
  broadcast: Pick<BroadcastView, "info" | "viewers"> | null;
};

/**
 * The whole state as one peer sees it, in bounded events, from `snapshot.started` to `snapshot.ended`. The snapshot lists what is there when
 * it starts, so it shows no producer without its peer. It leaves out what has ended by the time its event is asked for.
 */
export function* snapshotFor(room: RoomView, peer: Peer): Generator<RoomEvent> {
  const isPreview = peer.isViewer && !room.audience.isRevealed;
  const senders = isPreview ? [] : room.senders();
  const peerIds = senders.map(({ peerId }) => peerId);
  const producers = senders.flatMap((sender) =>
    [...sender.producers.values()].map((producer) => ({ sender, producer })),
  );
  const consumers = peer.consumers();
  const dataConsumerIds = [...peer.dataConsumers.keys()];
  yield { name: "snapshot.started", data: { roomId: room.roomId, peerId: peer.peerId, grants: peer.grants } };
  for (const ids of inBatches(peerIds)) {
    const peers = ids.flatMap((id) => room.sender(id)?.info ?? []);
    yield { name: "peers.joined", data: { peers } };
  }
  for (const some of inBatches(producers)) {
    const open = some.filter(({ producer }) => !producer.closed);
    yield* producersCreated(open.map(({ sender, producer }) => producerInfo(room.mutes, sender, producer)));
  }
  for (const some of inBatches(consumers, CONSUMERS_PER_EVENT))
    yield* consumersCreated(some.filter(({ closed }) => !closed).map(consumerInfo));
  for (const ids of inBatches(dataConsumerIds)) {
    const dataConsumers = ids.flatMap((id) => peer.dataConsumers.get(id) ?? []);
    yield { name: "data_consumers.created", data: { dataConsumers } };
  }
  for (const source of room.mutes.sourcesOf(peer.identity))
    yield { name: "source.muted", data: { source, muted: true } };
  yield { name: "speaker.changed", data: { peerId: isPreview ? null : room.speakerId } };
  if (room.broadcast) {
    yield { name: "broadcast.changed", data: room.broadcast.info };
    yield { name: "viewers.counted", data: { viewers: room.broadcast.viewers } };
  }
  yield { name: "snapshot.ended", data: {} };
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

export function producerInfos(mutes: Mutes, sender: Sender): ProducerInfo[] {
  return [...sender.producers.values()].map((producer) => producerInfo(mutes, sender, producer));
}

export function producerInfo(
  mutes: Mutes,
  { peerId, identity }: Pick<Sender, "peerId" | "identity">,
  producer: types.Producer,
): ProducerInfo {
  const source = sourceOf(producer);
  const muted = mutes.has(identity, source);
  const [codec] = producer.rtpParameters.codecs;
  return {
    producerId: producer.id,
    peerId,
    kind: producer.kind,
    source,
    paused: producer.paused,
    muted,
    ...(codec ? { mimeType: codec.mimeType } : {}),
  };
}

export function consumerInfo(consumer: types.Consumer): ConsumerInfo {
  const { peerId, source, producer } = consumer.appData as Pick<ConsumerInfo, "peerId" | "source"> & {
    /** The peer's own, which the consumer may get through a pipe: that tells of no pause. */
    producer: types.Producer;
  };
  return {
    consumerId: consumer.id,
    producerId: producer.id,
    peerId,
    kind: consumer.kind,
    source,
    rtpParameters: consumer.rtpParameters as unknown as ConsumerInfo["rtpParameters"],
    producerPaused: producer.paused,
  };
}
