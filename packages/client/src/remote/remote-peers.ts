import {
  type ConsumerInfo,
  FairleadError,
  inBatches,
  type LeaveReason,
  type PeerInfo,
  type ProducerInfo,
  type Source,
} from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import type { RoomEvents } from "../api/events.ts";
import type { Publication } from "../api/tracks.ts";
import { afterAwake } from "../running-clock.ts";
import type { TypedEmitter } from "../typed-emitter.ts";
import { RemoteMediaPeer } from "./remote-media-peer.ts";
import { RemoteMediaTrack, type RemoteTrackContext } from "./remote-media-track.ts";

/** After a move the peers come back one by one. We wait this long for a peer before we report it as gone. */
export const MOVE_GRACE_MS = 5_000;

type RemotePeersOptions = {
  emitter: TypedEmitter<RoomEvents>;
  trackContext: RemoteTrackContext;
};

/** The other peers as the app sees them. Through a move the objects stay and get new media. */
export class RemotePeers {
  readonly peers = new Map<string, RemoteMediaPeer>();
  readonly #emitter: TypedEmitter<RoomEvents>;
  readonly #trackContext: RemoteTrackContext;
  /** Peers that the node knows at present. The others may still come back from a move. */
  readonly #present = new Set<string>();
  /** Producers that the node knows at present. */
  readonly #offered = new Set<string>();
  /** Set while a move goes on. */
  #cancelEndMove: (() => void) | undefined;

  constructor({ emitter, trackContext }: RemotePeersOptions) {
    this.#emitter = emitter;
    this.#trackContext = trackContext;
  }

  /** The room has moved: a peer or track that the next snapshot lacks may still come back. */
  beginMove(): void {
    this.#cancelEndMove?.();
    this.#cancelEndMove = afterAwake(MOVE_GRACE_MS, () => this.#endMove());
    for (const track of this.#tracks()) track.unbind();
  }

  addPeer(info: PeerInfo): void {
    this.#present.add(info.peerId);
    const returned = this.#findReturned(info);
    const peer = returned ?? new RemoteMediaPeer(info);
    if (returned) this.peers.delete(returned.peerId);
    peer.update(info);
    this.peers.set(info.peerId, peer);
    if (!returned) this.#emitter.emit("peer.joined", { peer });
  }

  removePeer(peerId: string, reason: LeaveReason): void {
    this.#present.delete(peerId);
    if (!this.#cancelEndMove) this.#dropPeer(peerId, reason);
  }

  addProducer(info: ProducerInfo): void {
    this.#offered.add(info.producerId);
    const peer = this.peers.get(info.peerId);
    if (!peer) return;
    const isReturn = peer.publications.has(info.source);
    const publication = publicationOf(info);
    peer.publications.set(info.source, publication);
    if (!isReturn) this.#emitter.emit("track.published", { peer, publication });
  }

  changeProducer(info: ProducerInfo): void {
    const peer = this.peers.get(info.peerId);
    const publication = publicationOf(info);
    peer?.publications.set(info.source, publication);
    const track = peer?.tracks.get(info.source);
    if (track?.producerId === info.producerId) this.#setMuted(track, publication.isMuted);
  }

  removeProducer(info: ProducerInfo): void {
    this.#offered.delete(info.producerId);
    const peer = this.peers.get(info.peerId);
    const isCurrent = peer?.publications.get(info.source)?.producerId === info.producerId;
    if (peer && isCurrent && !this.#cancelEndMove) this.#dropPublication(peer, info);
  }

  /** @returns The app's choice about this source; undefined if it made none. */
  subscriptionWish({ peerId, source }: Pick<ProducerInfo, "peerId" | "source">): boolean | undefined {
    const identity = this.peers.get(peerId)?.identity;
    return identity === undefined ? undefined : this.#trackContext.wishes.of(identity, source).isSubscribed;
  }

  /** @returns The track that `consumer` feeds from now on; undefined when its peer left meanwhile. */
  bindConsumer(info: ConsumerInfo, consumer: types.Consumer): RemoteMediaTrack | undefined {
    const peer = this.peers.get(info.peerId);
    if (!peer) return undefined;
    const isMuted = peer.publications.get(info.source)?.isMuted ?? info.producerPaused;
    const existing = peer.tracks.get(info.source);
    if (existing) {
      existing.bind(consumer);
      this.#setMuted(existing, isMuted);
      return existing;
    }
    const track = new RemoteMediaTrack(peer, info.source, consumer, this.#trackContext);
    track.setMuted(isMuted);
    peer.tracks.set(info.source, track);
    this.#emitter.emit("track.subscribed", { peer, track });
    return track;
  }

  removeConsumer(info: ConsumerInfo): void {
    const peer = this.peers.get(info.peerId);
    const track = peer?.tracks.get(info.source);
    if (!peer || track?.consumerId !== info.consumerId) return;
    track.unbind();
    if (!this.#cancelEndMove) this.#dropTrack(peer, track);
  }

  /** Subscribes or unsubscribes. The choice holds for these sources of these identities from now on, also in later sessions. */
  async setSubscribed(producerIds: readonly string[], isSubscribed: boolean): Promise<void> {
    const { wishes, command } = this.#trackContext;
    const known = this.#find(producerIds);
    for (const { peer, source } of known) wishes.change(peer.identity, source, { isSubscribed });
    const name = isSubscribed ? "producers.subscribe" : "producers.unsubscribe";
    try {
      await Promise.all(inBatches(producerIds).map((batch) => command(name, { producerIds: batch })));
    } catch (error) {
      // The next session is told.
      const isToldLater = error instanceof FairleadError && error.code === "room_moved";
      if (!isToldLater || known.length < producerIds.length) throw error;
    }
  }

  close(): void {
    this.#cancelEndMove?.();
    for (const track of this.#tracks()) track.detach();
    this.peers.clear();
  }

  #tracks(): RemoteMediaTrack[] {
    return [...this.peers.values()].flatMap((peer) => [...peer.tracks.values()]);
  }

  #find(producerIds: readonly string[]): { peer: RemoteMediaPeer; source: Source }[] {
    const wanted = new Set(producerIds);
    return [...this.peers.values()].flatMap((peer) =>
      [...peer.publications.values()].flatMap(({ producerId, source }) =>
        wanted.has(producerId) ? [{ peer, source }] : [],
      ),
    );
  }

  #findReturned(info: PeerInfo): RemoteMediaPeer | undefined {
    const samePeer = this.peers.get(info.peerId);
    if (samePeer || !this.#cancelEndMove) return samePeer;
    return [...this.peers.values()].find(
      (peer) => peer.identity === info.identity && !this.#present.has(peer.peerId),
    );
  }

  #endMove(): void {
    this.#cancelEndMove = undefined;
    for (const peer of [...this.peers.values()]) {
      if (!this.#present.has(peer.peerId)) this.#dropPeer(peer.peerId, "disconnected");
      for (const track of [...peer.tracks.values()]) if (!track.consumerId) this.#dropTrack(peer, track);
      for (const publication of [...peer.publications.values()]) {
        if (!this.#offered.has(publication.producerId)) this.#dropPublication(peer, publication);
      }
    }
  }

  #dropPeer(peerId: string, reason: LeaveReason): void {
    const peer = this.peers.get(peerId);
    if (!peer) return;
    for (const track of [...peer.tracks.values()]) this.#dropTrack(peer, track);
    for (const publication of [...peer.publications.values()]) this.#dropPublication(peer, publication);
    this.peers.delete(peerId);
    this.#emitter.emit("peer.left", { peer, reason });
  }

  #dropTrack(peer: RemoteMediaPeer, track: RemoteMediaTrack): void {
    track.unbind();
    peer.tracks.delete(track.source);
    // First, so that the app still finds its elements: `detach` tells them once.
    this.#emitter.emit("track.unsubscribed", { peer, track });
    track.detach();
  }

  #dropPublication(peer: RemoteMediaPeer, { source }: Pick<Publication, "source">): void {
    const publication = peer.publications.get(source);
    if (!publication) return;
    peer.publications.delete(source);
    this.#emitter.emit("track.unpublished", { peer, publication });
  }

  #setMuted(track: RemoteMediaTrack, isMuted: boolean): void {
    if (!track.setMuted(isMuted)) return;
    this.#emitter.emit(isMuted ? "track.muted" : "track.unmuted", { peer: track.peer, track });
  }
}

function publicationOf({ producerId, source, kind, paused, muted }: ProducerInfo): Publication {
  return { producerId, source, kind, isMuted: paused || muted };
}
