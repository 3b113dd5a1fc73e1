import { BATCH_LIMIT } from "../../commands.ts";
import type { PeerInfo, ProducerInfo, RoomEvent } from "../../events.ts";

/** The state that both ends must agree on: peers and producers, by id. */
export class RoomState {
  readonly peers = new Map<string, PeerInfo>();
  readonly producers = new Map<string, ProducerInfo>();

  apply(event: RoomEvent): void {
    if (event.name === "peers.joined") for (const peer of event.data.peers) this.peers.set(peer.peerId, peer);
    else if (event.name === "peer.left") this.peers.delete(event.data.peerId);
    else if (event.name === "producers.created") {
      for (const producer of event.data.producers) this.producers.set(producer.producerId, producer);
    } else if (event.name === "producer.closed") this.producers.delete(event.data.producerId);
    else if (event.name === "producer.paused") this.#setPaused(event.data.producerId, true);
    else if (event.name === "producer.resumed") this.#setPaused(event.data.producerId, false);
  }

  /** @param chunk Objects per event: few, so that a small model has snapshots of several events. */
  snapshot(chunk: number = BATCH_LIMIT): RoomEvent[] {
    return [...this.snapshotBitByBit(chunk)];
  }

  /** Each event shows what is true when it is asked for. */
  *snapshotBitByBit(chunk: number): Generator<RoomEvent> {
    const grants = { publish: [], subscribe: true, data: false, moderate: false };
    yield { name: "snapshot.started", data: { roomId: "room", peerId: "me", grants } };
    for (const ids of chunks([...this.peers.keys()], chunk))
      yield { name: "peers.joined", data: { peers: ids.flatMap((id) => this.peers.get(id) ?? []) } };
    for (const ids of chunks([...this.producers.keys()], chunk)) {
      const producers = ids.flatMap((id) => this.producers.get(id) ?? []);
      yield { name: "producers.created", data: { producers } };
    }
    yield { name: "snapshot.ended", data: {} };
  }

  /** The same for equal states, whatever the order in which they came about. */
  toJSON(): unknown {
    const byId = (a: [string, unknown], b: [string, unknown]) => (a[0] < b[0] ? -1 : 1);
    return { peers: [...this.peers].sort(byId), producers: [...this.producers].sort(byId) };
  }

  #setPaused(producerId: string, paused: boolean): void {
    const producer = this.producers.get(producerId);
    if (producer) this.producers.set(producerId, { ...producer, paused });
  }
}

function chunks<T>(items: T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
