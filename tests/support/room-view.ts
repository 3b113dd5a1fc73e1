import type { ConsumerInfo, DataConsumerInfo, PeerInfo, ProducerInfo, RoomEvent } from "@fairlead/protocol";

/** A room as its events tell it to one peer. A snapshot replaces everything. */
export class RoomView {
  readonly peers = new Map<string, PeerInfo>();
  readonly producers = new Map<string, ProducerInfo>();
  readonly consumers = new Map<string, ConsumerInfo>();
  readonly dataConsumers = new Map<string, DataConsumerInfo>();
  /** Sources of this peer that are held muted. */
  readonly mutedSources = new Set<string>();

  apply({ name, data }: RoomEvent): void {
    switch (name) {
      case "snapshot.started":
        this.#clear();
        break;
      case "peers.joined":
        for (const peer of data.peers) this.peers.set(peer.peerId, peer);
        break;
      case "peer.left":
        this.peers.delete(data.peerId);
        break;
      case "peers.away":
        for (const peerId of data.peerIds) this.#setAway(peerId, true);
        break;
      case "peer.back":
        this.#setAway(data.peerId, undefined);
        break;
      case "producers.created":
        for (const producer of data.producers) this.producers.set(producer.producerId, producer);
        break;
      case "producer.paused":
        this.#change(data.producerId, { paused: true, muted: data.muted });
        break;
      case "producer.resumed":
        this.#change(data.producerId, { paused: false, muted: false });
        break;
      case "producer.closed":
        this.producers.delete(data.producerId);
        break;
      case "consumers.created":
        for (const consumer of data.consumers) this.consumers.set(consumer.consumerId, consumer);
        break;
      case "consumer.closed":
        this.consumers.delete(data.consumerId);
        break;
      case "data_consumers.created":
        for (const consumer of data.dataConsumers) this.dataConsumers.set(consumer.dataConsumerId, consumer);
        break;
      case "data_consumer.closed":
        this.dataConsumers.delete(data.dataConsumerId);
        break;
      case "source.muted":
        if (data.muted) this.mutedSources.add(data.source);
        else this.mutedSources.delete(data.source);
        break;
    }
  }

  /** @returns Who is here and what they publish, by identity and source: comparable between peers and epochs. */
  summary(): string[] {
    const identityOf = (peerId: string) => this.peers.get(peerId)?.identity;
    const published = [...this.producers.values()].map(
      ({ peerId, source, paused }) => `${identityOf(peerId)} ${source}${paused ? " paused" : ""}`,
    );
    return [...[...this.peers.values()].map((peer) => peer.identity), ...published].sort();
  }

  #setAway(peerId: string, away: boolean | undefined): void {
    const peer = this.peers.get(peerId);
    if (peer) this.peers.set(peerId, { ...peer, away });
  }

  #change(producerId: string, change: Partial<ProducerInfo>): void {
    const producer = this.producers.get(producerId);
    if (producer) this.producers.set(producerId, { ...producer, ...change });
  }

  #clear(): void {
    for (const map of [this.peers, this.producers, this.consumers, this.dataConsumers]) map.clear();
    this.mutedSources.clear();
  }
}
