import type { RoomEvent } from "@fairlead/protocol";
import type { RoomEvents } from "./api/events.ts";
import type { LocalTracks } from "./local/local-tracks.ts";
import type { RoomModel } from "./model/room-model.ts";
import type { RoomChange } from "./model/room-state.ts";
import type { Speakers } from "./model/speakers.ts";
import type { RemotePeers } from "./remote/remote-peers.ts";
import type { RoomMedia } from "./room-media.ts";
import type { TypedEmitter } from "./typed-emitter.ts";

export type ChangeTargets = {
  ownPeerId: string;
  model: RoomModel;
  media: RoomMedia;
  peers: RemotePeers;
  local: LocalTracks;
  speakers: Speakers;
  emitter: TypedEmitter<RoomEvents>;
};

/** What an event changes in the room reaches everybody whom it concerns. */
export function applyEvent(event: RoomEvent, targets: ChangeTargets): void {
  if (event.name === "data_producer.closed") targets.media.data.handleClosed(event.data.dataProducerId);
  for (const change of targets.model.apply(event)) applyChange(change, targets);
}

/** Hands a change of the room to the part of the client that it concerns. */
function applyChange(change: RoomChange, targets: ChangeTargets): void {
  const { ownPeerId, media, peers, local } = targets;
  switch (change.type) {
    case "peer.added":
      if (change.peer.peerId !== ownPeerId) peers.addPeer(change.peer);
      break;
    case "peer.removed":
      peers.removePeer(change.peerId, change.reason);
      break;
    case "producer.added":
    case "producer.changed":
    case "producer.removed":
      applyProducer(change, targets);
      break;
    case "consumer.added":
      // The browser can't decode this codec, or the session ends meanwhile. The other consumers go on.
      media.subscriptions.addConsumer(change.consumer).catch(() => {});
      break;
    case "consumer.removed":
      media.subscriptions.removeConsumer(change.consumer);
      break;
    case "data_consumer.added":
      media.subscriptions.addDataConsumer(change.dataConsumer).catch(() => {});
      break;
    case "data_consumer.removed":
      media.subscriptions.removeDataConsumer(change.dataConsumer);
      break;
    case "source.muted":
      local.handleMutedByModerator(change.source, change.muted);
      break;
    case "dominant.changed":
      targets.speakers.update({ dominantPeerId: change.peerId });
      break;
    case "broadcast.changed":
      targets.emitter.emit("broadcast.changed", { broadcast: change.broadcast });
      break;
    case "viewers.counted":
      targets.emitter.emit("viewers.counted", { viewers: change.viewers });
      break;
    case "snapshot.applied":
      peers.handleSnapshot();
      local.closeOrphans(
        [...targets.model.contents.producers.values()].filter((p) => p.peerId === ownPeerId),
      );
      break;
    default:
      change satisfies never;
  }
}

function applyProducer(
  { type, producer }: Extract<RoomChange, { producer: unknown }>,
  { ownPeerId, media, peers, local }: ChangeTargets,
): void {
  if (producer.peerId === ownPeerId) {
    if (type === "producer.removed") local.handleProducerClosed(producer);
  } else if (type === "producer.added") {
    peers.addProducer(producer);
    media.subscriptions.addProducer(producer);
  } else if (type === "producer.changed") peers.changeProducer(producer);
  else peers.removeProducer(producer);
}
