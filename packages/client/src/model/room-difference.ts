import { EVERY_SOURCE, type ProducerInfo, type Source } from "@fairlead/protocol";
import { isSamePeer, type RoomChange, type RoomContents } from "./room-state.ts";

/**
 * @returns The changes that turn `before` into `after`. Removals go from leaf to root (consumer, producer, peer), then
 * additions from root to leaf, so that apps never see a track without its peer.
 */
export function differenceOf(before: RoomContents, after: RoomContents): RoomChange[] {
  return [
    ...missing(before.consumers, after.consumers).map(
      (consumer): RoomChange => ({ type: "consumer.removed", consumer }),
    ),
    ...missing(before.dataConsumers, after.dataConsumers).map(
      (dataConsumer): RoomChange => ({ type: "data_consumer.removed", dataConsumer }),
    ),
    ...missing(before.producers, after.producers).map(
      (producer): RoomChange => ({ type: "producer.removed", producer }),
    ),
    ...missing(before.peers, after.peers).map(
      // A snapshot does not tell why a peer is gone.
      ({ peerId }): RoomChange => ({ type: "peer.removed", peerId, reason: "left" }),
    ),
    ...[...after.peers.values()]
      .filter((peer) => !isSamePeer(before.peers.get(peer.peerId), peer))
      .map((peer): RoomChange => ({ type: "peer.added", peer })),
    ...missing(after.producers, before.producers).map(
      (producer): RoomChange => ({ type: "producer.added", producer }),
    ),
    ...changedProducers(before, after).map(
      (producer): RoomChange => ({ type: "producer.changed", producer }),
    ),
    ...missing(after.consumers, before.consumers).map(
      (consumer): RoomChange => ({ type: "consumer.added", consumer }),
    ),
    ...missing(after.dataConsumers, before.dataConsumers).map(
      (dataConsumer): RoomChange => ({ type: "data_consumer.added", dataConsumer }),
    ),
    ...changedMutes(before.mutedByModerator, after.mutedByModerator),
    ...changedDominant(before, after),
    ...changedBroadcast(before, after),
  ];
}

function missing<V>(from: Map<string, V>, inOther: Map<string, V>): V[] {
  return [...from].flatMap(([key, value]) => (inOther.has(key) ? [] : [value]));
}

function changedProducers(before: RoomContents, after: RoomContents): ProducerInfo[] {
  return [...after.producers.values()].filter((producer) => {
    const old = before.producers.get(producer.producerId);
    return old && (old.paused !== producer.paused || old.muted !== producer.muted);
  });
}

function changedMutes(before: Set<Source>, after: Set<Source>): RoomChange[] {
  return EVERY_SOURCE.filter((source) => before.has(source) !== after.has(source)).map((source) => ({
    type: "source.muted",
    source,
    muted: after.has(source),
  }));
}

function changedDominant(before: RoomContents, after: RoomContents): RoomChange[] {
  if (before.dominantPeerId === after.dominantPeerId) return [];
  return [{ type: "dominant.changed", peerId: after.dominantPeerId }];
}

function changedBroadcast(before: RoomContents, { broadcast, viewerCount }: RoomContents): RoomChange[] {
  const isNews = broadcast && JSON.stringify(broadcast) !== JSON.stringify(before.broadcast);
  const isCounted = viewerCount !== null && viewerCount !== before.viewerCount;
  return [
    ...(isNews ? [{ type: "broadcast.changed", broadcast } as const] : []),
    ...(isCounted ? [{ type: "viewers.counted", viewers: viewerCount } as const] : []),
  ];
}
