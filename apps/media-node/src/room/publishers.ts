import { FairleadError, type PeerInfo, type ResourceOwner, randomId, type Source } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { announceProducer, KEY_FRAME_REQUEST_DELAY_MS } from "./announce-producer.ts";
import type { Room } from "./room.ts";
import type { Seat } from "./seat.ts";

export type PublisherSettings = Pick<PeerInfo, "identity" | "name" | "metadata">;

/** What every producer of a publisher is made with, on whatever transport. */
export type ProducerBasis = Required<Pick<types.ProducerOptions, "appData" | "keyFrameRequestDelay">>;

/** An ingest in a room. Its transports are its maker's, who closes them when it has ended. */
export class Publisher {
  readonly info: PeerInfo;
  readonly seat: Seat;
  /** The owner that its media resources name. */
  readonly owner: ResourceOwner;
  readonly producers = new Map<string, types.Producer>();
  readonly #room: Room;
  readonly #ended = Promise.withResolvers<void>();
  readonly #pendingSources = new Set<Source>();
  #isClosed = false;

  constructor(room: Room, info: PeerInfo, seat: Seat) {
    this.#room = room;
    this.info = info;
    this.seat = seat;
    this.owner = { ...seat.owner, publisherId: info.peerId };
  }

  get peerId(): string {
    return this.info.peerId;
  }

  get identity(): string {
    return this.info.identity;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Resolves once it is closed, or its seat or room is gone. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /**
   * Adds a producer, of which everybody hears. It may close with its transport; everybody hears of that too.
   * @param make Makes it on a transport of the publisher's seat.
   * @throws {FairleadError} `producer_limit`: it has that source already; `lease_lost`: it ended meanwhile. What `make` rejects with.
   */
  async publish(
    source: Source,
    make: (basis: ProducerBasis) => Promise<types.Producer>,
  ): Promise<types.Producer> {
    const sources = [...this.producers.values()].map(({ appData }) => appData.source);
    if (sources.includes(source) || this.#pendingSources.has(source))
      throw new FairleadError("producer_limit", { message: `${source} is published already` });
    this.#pendingSources.add(source);
    try {
      const appData = { owner: this.owner, peerId: this.peerId, source };
      const producer = await make({ appData, keyFrameRequestDelay: KEY_FRAME_REQUEST_DELAY_MS });
      return await this.#introduce(producer, source);
    } finally {
      this.#pendingSources.delete(source);
    }
  }

  /** The others hear that it has left. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    const { peerId } = this;
    this.abandon();
    this.#room.publishers.forget(this);
    this.#room.speakers.handleLeft(peerId);
    this.#room.broadcast({ name: "peer.left", data: { peerId, reason: "left" } });
    this.#room.log.info("publisher.left", { roomId: this.#room.roomId, peerId });
  }

  /** The room is gone for everybody. */
  abandon(): void {
    this.#isClosed = true;
    for (const producer of [...this.producers.values()]) producer.close();
    this.#ended.resolve();
  }

  async #introduce(producer: types.Producer, source: Source): Promise<types.Producer> {
    this.producers.set(producer.id, producer);
    producer.observer.once("close", () => this.#forget(producer));
    try {
      if (source === "microphone" && !producer.closed) await this.seat.observe(producer);
    } catch (error) {
      producer.close();
      throw this.#hasEnded ? new FairleadError("lease_lost", { cause: error }) : error;
    }
    if (producer.closed || this.#hasEnded) {
      producer.close();
      throw new FairleadError("lease_lost", { message: "the publisher ended meanwhile" });
    }
    announceProducer({ room: this.#room, peer: this }, producer);
    return producer;
  }

  get #hasEnded(): boolean {
    return this.#isClosed || this.seat.closed;
  }

  #forget({ id: producerId }: types.Producer): void {
    if (this.producers.delete(producerId))
      this.#room.broadcast({ name: "producer.closed", data: { producerId } });
  }
}

/** The ingests of a room. */
export class Publishers {
  readonly #room: Room;
  readonly #publishers = new Map<string, Publisher>();

  constructor(room: Room) {
    this.#room = room;
  }

  all(): Publisher[] {
    return [...this.#publishers.values()];
  }

  get(peerId: string): Publisher | undefined {
    return this.#publishers.get(peerId);
  }

  /** @throws {FairleadError} `lease_lost` when the room or the seat is gone. */
  add(settings: PublisherSettings, seat: Seat): Publisher {
    if (this.#room.isClosed || seat.closed) throw new FairleadError("lease_lost");
    const info = { ...settings, peerId: randomId(), joinedAtMs: this.#room.deps.now() };
    const publisher = new Publisher(this.#room, info, seat);
    this.#room.arrivals.add(info, this.#room.peers.size);
    this.#publishers.set(info.peerId, publisher);
    const { roomId } = this.#room;
    this.#room.log.info("publisher.joined", { roomId, peerId: info.peerId, core: seat.core });
    return publisher;
  }

  /** Of a seat that is gone. */
  closeOn(seat: Seat): void {
    for (const publisher of this.all()) if (publisher.seat === seat) publisher.close();
  }

  forget({ peerId }: Publisher): void {
    this.#publishers.delete(peerId);
    this.#room.noteLeft();
  }

  /** The room is gone for everybody. */
  abandon(): void {
    for (const publisher of this.all()) publisher.abandon();
    this.#publishers.clear();
  }
}
