import type {
  BroadcastInfo,
  ConsumerInfo,
  DataConsumerInfo,
  LeaveReason,
  PeerInfo,
  ProducerInfo,
  RoomEvent,
  Source,
} from "@fairlead/protocol";

/** One change of the room that follows from an event, or from the difference that a snapshot makes. */
export type RoomChange =
  /** Also for a peer that is known and is away or back, or says something else of itself, e.g. by another ticket. */
  | { type: "peer.added"; peer: PeerInfo }
  | { type: "peer.removed"; peerId: string; reason: LeaveReason }
  | { type: "producer.added" | "producer.changed" | "producer.removed"; producer: ProducerInfo }
  | { type: "consumer.added" | "consumer.removed"; consumer: ConsumerInfo }
  | { type: "data_consumer.added" | "data_consumer.removed"; dataConsumer: DataConsumerInfo }
  | { type: "source.muted"; source: Source; muted: boolean }
  | { type: "dominant.changed"; peerId: string | null }
  | { type: "broadcast.changed"; broadcast: BroadcastInfo }
  | { type: "viewers.counted"; viewers: number }
  | { type: "snapshot.applied" };

export type RoomContents = {
  peers: Map<string, PeerInfo>;
  producers: Map<string, ProducerInfo>;
  consumers: Map<string, ConsumerInfo>;
  dataConsumers: Map<string, DataConsumerInfo>;
  /** This peer's own sources. */
  mutedByModerator: Set<Source>;
  dominantPeerId: string | null;
  /** null in a room that is no broadcast. */
  broadcast: BroadcastInfo | null;
  viewerCount: number | null;
};

export function emptyContents(): RoomContents {
  return {
    peers: new Map(),
    producers: new Map(),
    consumers: new Map(),
    dataConsumers: new Map(),
    mutedByModerator: new Set(),
    dominantPeerId: null,
    broadcast: null,
    viewerCount: null,
  };
}

/** Writes `event` into `contents`. @returns The changes; none if all of it was known already. */
export function applyEvent(contents: RoomContents, event: RoomEvent): RoomChange[] {
  switch (event.name) {
    case "peers.joined":
      return event.data.peers
        .filter((peer) => addPeer(contents.peers, peer))
        .map((peer) => ({ type: "peer.added", peer }));
    case "peer.left":
      return contents.peers.delete(event.data.peerId) ? [{ type: "peer.removed", ...event.data }] : [];
    case "peers.away":
      return event.data.peerIds.flatMap((peerId) => setAway(contents.peers, peerId, true));
    case "peer.back":
      return setAway(contents.peers, event.data.peerId, undefined);
    case "producers.created":
      return event.data.producers
        .filter((producer) => addNew(contents.producers, producer.producerId, producer))
        .map((producer) => ({ type: "producer.added", producer }));
    case "producer.paused":
      return changeProducer(contents, event.data.producerId, { paused: true, muted: event.data.muted });
    case "producer.resumed":
      return changeProducer(contents, event.data.producerId, { paused: false, muted: false });
    case "producer.closed":
      return take(contents.producers, event.data.producerId, (producer) => ({
        type: "producer.removed",
        producer,
      }));
    case "consumers.created":
      return event.data.consumers
        .filter((consumer) => addNew(contents.consumers, consumer.consumerId, consumer))
        .map((consumer) => ({ type: "consumer.added", consumer }));
    case "consumer.closed":
      return take(contents.consumers, event.data.consumerId, (consumer) => ({
        type: "consumer.removed",
        consumer,
      }));
    case "data_consumers.created":
      return event.data.dataConsumers
        .filter((dataConsumer) => addNew(contents.dataConsumers, dataConsumer.dataConsumerId, dataConsumer))
        .map((dataConsumer) => ({ type: "data_consumer.added", dataConsumer }));
    case "data_consumer.closed":
      return take(contents.dataConsumers, event.data.dataConsumerId, (dataConsumer) => ({
        type: "data_consumer.removed",
        dataConsumer,
      }));
    case "source.muted":
      return changeMuted(contents.mutedByModerator, event.data.source, event.data.muted);
    case "speaker.changed":
      contents.dominantPeerId = event.data.peerId;
      return [{ type: "dominant.changed", peerId: event.data.peerId }];
    case "broadcast.changed":
      contents.broadcast = event.data;
      return [{ type: "broadcast.changed", broadcast: event.data }];
    case "viewers.counted":
      contents.viewerCount = event.data.viewers;
      return [{ type: "viewers.counted", viewers: event.data.viewers }];
    default:
      return [];
  }
}

function addPeer(peers: Map<string, PeerInfo>, peer: PeerInfo): boolean {
  const isKnown = isSamePeer(peers.get(peer.peerId), peer);
  peers.set(peer.peerId, peer);
  return !isKnown;
}

function setAway(peers: Map<string, PeerInfo>, peerId: string, away: true | undefined): RoomChange[] {
  const peer = { ...peers.get(peerId), away } as PeerInfo;
  return peers.has(peerId) && addPeer(peers, peer) ? [{ type: "peer.added", peer }] : [];
}

export function isSamePeer(a: PeerInfo | undefined, b: PeerInfo): boolean {
  const isSame = a?.identity === b.identity && a.name === b.name && a.metadata === b.metadata;
  return isSame && a.joinedAtMs === b.joinedAtMs && a.away === b.away;
}

function addNew<V>(map: Map<string, V>, key: string, value: V): boolean {
  if (map.has(key)) return false;
  map.set(key, value);
  return true;
}

function take<V>(map: Map<string, V>, key: string, change: (value: V) => RoomChange): RoomChange[] {
  const value = map.get(key);
  map.delete(key);
  return value === undefined ? [] : [change(value)];
}

function changeProducer(
  contents: RoomContents,
  producerId: string,
  change: Pick<ProducerInfo, "paused" | "muted">,
): RoomChange[] {
  const before = contents.producers.get(producerId);
  if (!before || (before.paused === change.paused && before.muted === change.muted)) return [];
  const producer = { ...before, ...change };
  contents.producers.set(producerId, producer);
  return [{ type: "producer.changed", producer }];
}

function changeMuted(sources: Set<Source>, source: Source, muted: boolean): RoomChange[] {
  if (sources.has(source) === muted) return [];
  if (muted) sources.add(source);
  else sources.delete(source);
  return [{ type: "source.muted", source, muted }];
}
