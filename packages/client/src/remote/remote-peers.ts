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
import { subscribePatiently } from "../connection/ask-patiently.ts";
import { afterAwake } from "../running-clock.ts";
import type { TypedEmitter } from "../typed-emitter.ts";
import { RemoteMediaPeer } from "./remote-media-peer.ts";
import { RemoteMediaTrack, type RemoteTrackContext } from "./remote-media-track.ts";

/**
 * After a move the peers come back one by one. A peer has at least this long, and no less than the grace time that it would have
 * had without a move.
 */
export const PEER_PATIENCE_MS = 15_000;
/** A peer that is back publishes its tracks one by one. We wait this long for the next one before we report the others as gone. */
export const TRACK_PATIENCE_MS = 10_000;

type RemotePeersOptions = {
  emitter: TypedEmitter<RoomEvents>;
  trackContext: RemoteTrackContext;
};

/** The other peers as the app sees them. Through a move the objects stay and get new media. */
export class RemotePeers {
  readonly peers = new Map<string, RemoteMediaPeer>();
  readonly #emitter: TypedEmitter<RoomEvents>;
  readonly #trackContext: RemoteTrackContext;
  /** Peers of before a move that the node does not know (yet): they may still come back. */
  readonly #absent = new Set<RemoteMediaPeer>();
  /** By peer of before a move: ends the wait for what is missing of it. */
  readonly #waits = new Map<RemoteMediaPeer, () => void>();
  /** Producers that the node knows at present. */
  readonly #offered = new Set<string>();
  /** The room has moved, and its new place has not told yet who is there. */
  #awaitsSnapshot = false;

  constructor({ emitter, trackContext }: RemotePeersOptions) {
    this.#emitter = emitter;
    this.#trackContext = trackContext;
  }

  /**
   * The room has moved: a peer or track that the next snapshot lacks may still come back.
   * @param graceMs How long the node waits for a peer whose socket is lost.
   */
  beginMove(graceMs: number): void {
    this.#awaitsSnapshot = true;
    for (const track of this.#tracks()) track.unbind();
    for (const peer of this.peers.values()) this.#awaitRest(peer, Math.max(graceMs, PEER_PATIENCE_MS));
  }

  /** All of the snapshot's changes are made: from now on, an end that the node tells of is one. */
  handleSnapshot(): void {
    this.#awaitsSnapshot = false;
    for (const peer of this.#waits.keys())
      if (!this.#absent.has(peer)) this.#awaitRest(peer, TRACK_PATIENCE_MS);
  }

  /** Every peer of before the last move is back, or has left for good. */
  get areAllBack(): boolean {
    return !this.#awaitsSnapshot && this.#absent.size === 0;
  }

  /** Nothing of a former place is needed any more. */
  get isSettled(): boolean {
    return this.areAllBack && this.#tracks().every((track) => track.isSettled);
  }

  /** A former place is about to end, from which these come: whoever still shows one of them changes to the present place. */
  swapFrom(isEnding: (track: MediaStreamTrack) => boolean): void {
    for (const track of this.#tracks()) if (isEnding(track.mediaStreamTrack)) track.swap();
  }

  /** False for a peer that may be on its way after a move. */
  isAtNode(peerId: string): boolean {
    const peer = this.peers.get(peerId);
    return peer !== undefined && !this.#awaitsSnapshot && !this.#absent.has(peer);
  }

  addPeer(info: PeerInfo): void {
    const returned = this.#findReturned(info);
    if (returned) this.#updatePeer(returned, info);
    else {
      const peer = new RemoteMediaPeer(info);
      this.peers.set(info.peerId, peer);
      this.#emitter.emit("peer.joined", { peer });
    }
  }

  removePeer(peerId: string, reason: LeaveReason): void {
    const peer = this.peers.get(peerId);
    if (peer && this.#awaitsSnapshot) this.#absent.add(peer);
    else if (peer) this.#dropPeer(peer, reason);
  }

  addProducer(info: ProducerInfo): void {
    this.#offered.add(info.producerId);
    const peer = this.peers.get(info.peerId);
    if (!peer) return;
    const isReturn = peer.publications.has(info.source);
    const publication = publicationOf(info);
    peer.publications.set(info.source, publication);
    if (this.#waits.has(peer)) this.#awaitRest(peer, TRACK_PATIENCE_MS);
    if (!isReturn) this.#emitter.emit("track.published", { peer, publication });
  }

  changeProducer(info: ProducerInfo): void {
    const peer = this.peers.get(info.peerId);
    if (!peer) return;
    const publication = publicationOf(info);
    peer.publications.set(info.source, publication);
    const track = peer.tracks.get(info.source);
    if (track?.producerId === info.producerId) this.#setMuted(track, publication.isMuted);
    this.#emitter.emit("publication.changed", { peer, publication });
  }

  removeProducer(info: ProducerInfo): void {
    this.#offered.delete(info.producerId);
    const peer = this.peers.get(info.peerId);
    const isCurrent = peer?.publications.get(info.source)?.producerId === info.producerId;
    if (!peer || !isCurrent || this.#awaitsSnapshot) return;
    this.#dropIfUnbound(peer, info.source);
    this.#dropPublication(peer, info);
  }

  /** @returns The app's choice about this source; undefined if it made none. */
  subscriptionWish({ peerId, source }: Pick<ProducerInfo, "peerId" | "source">): boolean | undefined {
    const identity = this.peers.get(peerId)?.identity;
    return identity === undefined ? undefined : this.#trackContext.wishes.of(identity, source).isSubscribed;
  }

  /** Whether the app has not said otherwise. */
  isSubscriptionWanted(producerId: string): boolean {
    return this.#find([producerId]).every(
      ({ peer, source }) => this.#trackContext.wishes.of(peer.identity, source).isSubscribed !== false,
    );
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
    this.#dropTrack(peer, track);
  }

  /** Subscribes or unsubscribes. The choice holds for these sources of these identities from now on, also in later sessions. */
  async setSubscribed(producerIds: readonly string[], isSubscribed: boolean): Promise<void> {
    const { wishes, command } = this.#trackContext;
    const known = this.#find(producerIds);
    for (const { peer, source } of known) {
      wishes.change(peer.identity, source, { isSubscribed });
      // Nothing else would end a track that has no consumer yet after a move.
      if (!isSubscribed) this.#dropIfUnbound(peer, source);
    }
    const tell = (batch: string[]) =>
      isSubscribed
        ? subscribePatiently(command, batch, (producerId) => this.isSubscriptionWanted(producerId))
        : command("producers.unsubscribe", { producerIds: batch });
    try {
      await Promise.all(inBatches(producerIds).map(tell));
    } catch (error) {
      // The next session is told.
      const isToldLater = error instanceof FairleadError && error.code === "room_moved";
      if (!isToldLater || known.length < producerIds.length) throw error;
    }
  }

  /** This peer is no longer in the room: for it, all others leave. */
  close(): void {
    for (const peer of [...this.peers.values()]) this.#dropPeer(peer, "room_ended");
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
    const isReturned = ({ identity }: RemoteMediaPeer) => identity === info.identity;
    // An older node gives a peer a new id with each move.
    return this.peers.get(info.peerId) ?? [...this.#absent].find(isReturned);
  }

  /** The map keeps its order, also where the peer's id is another. */
  #updatePeer(peer: RemoteMediaPeer, info: PeerInfo): void {
    const isRenamed = peer.peerId !== info.peerId;
    const all = [...this.peers.values()];
    this.#absent.delete(peer);
    const isNews = peer.update(info);
    if (this.#waits.has(peer)) this.#awaitRest(peer, TRACK_PATIENCE_MS);
    if (isRenamed) {
      this.peers.clear();
      for (const one of all) this.peers.set(one.peerId, one);
    }
    if (!isNews) return;
    this.#emitter.emit(peer.isAway ? "peer.away" : "peer.back", { peer });
    this.#emitter.emit("quality.changed", { peerId: peer.peerId, quality: peer.quality });
  }

  #awaitRest(peer: RemoteMediaPeer, patienceMs: number): void {
    this.#waits.get(peer)?.();
    this.#waits.set(
      peer,
      afterAwake(patienceMs, () => this.#dropMissing(peer)),
    );
  }

  #dropMissing(peer: RemoteMediaPeer): void {
    this.#waits.delete(peer);
    if (this.#absent.has(peer)) {
      this.#dropPeer(peer, "disconnected");
      return;
    }
    for (const { source } of [...peer.tracks.values()]) this.#dropIfUnbound(peer, source);
    for (const publication of [...peer.publications.values()])
      if (!this.#offered.has(publication.producerId)) this.#dropPublication(peer, publication);
  }

  #dropPeer(peer: RemoteMediaPeer, reason: RoomEvents["peer.left"]["reason"]): void {
    // A listener may have ended the room meanwhile.
    if (this.peers.get(peer.peerId) !== peer) return;
    this.#absent.delete(peer);
    this.#waits.get(peer)?.();
    this.#waits.delete(peer);
    for (const track of [...peer.tracks.values()]) this.#dropTrack(peer, track);
    for (const publication of [...peer.publications.values()]) this.#dropPublication(peer, publication);
    this.peers.delete(peer.peerId);
    this.#emitter.emit("peer.left", { peer, reason });
  }

  #dropIfUnbound(peer: RemoteMediaPeer, source: Source): void {
    const track = peer.tracks.get(source);
    if (track && !track.consumerId) this.#dropTrack(peer, track);
  }

  #dropTrack(peer: RemoteMediaPeer, track: RemoteMediaTrack): void {
    track.unbind();
    peer.tracks.delete(track.source);
    // First, so that the app still finds its elements: `detach` tells them once.
    this.#emitter.emit("track.unsubscribed", { peer, track });
    track.close();
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

export function publicationOf(info: ProducerInfo): Publication {
  const { producerId, source, kind, paused, muted, mimeType } = info;
  return { producerId, source, kind, isMuted: paused || muted, isMutedByModerator: muted, mimeType };
}
