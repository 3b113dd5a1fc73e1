import { FairleadError, type PeerInfo, type ResourceOwner, type Source } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { Seat } from "./seat.ts";

/** What every producer of a publisher is made with, on whatever transport. */
export type ProducerBasis = Required<Pick<types.ProducerOptions, "appData" | "keyFrameRequestDelay">>;

export type PublisherOptions = {
  info: PeerInfo;
  seat: Seat;
  keyFrameRequestDelayMs: number;
  /** Its maker brings it to the room's next place by itself, and goes on here until it is there. */
  followsRoom: boolean;
  /** A moderator or the API holds that source of it muted. */
  isMuted: (source: Source) => boolean;
  onProducer: (publisher: Publisher, producer: types.Producer) => void;
  onProducerClosed: (producerId: string) => void;
  /** Not where the whole room is gone. */
  onClosed: (publisher: Publisher) => void;
};

/** An ingest in a room. Its transports are its maker's, who closes them when it has ended. */
export class Publisher {
  readonly info: PeerInfo;
  readonly seat: Seat;
  /** The owner that its media resources name. */
  readonly owner: ResourceOwner;
  readonly producers = new Map<string, types.Producer>();
  readonly #options: PublisherOptions;
  readonly #ended = Promise.withResolvers<void>();
  readonly #pendingSources = new Set<Source>();
  #isClosed = false;

  constructor(options: PublisherOptions) {
    const { info, seat } = options;
    this.#options = options;
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

  get followsRoom(): boolean {
    return this.#options.followsRoom;
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
      const { keyFrameRequestDelayMs: keyFrameRequestDelay } = this.#options;
      return await this.#introduce(await make({ appData, keyFrameRequestDelay }), source);
    } finally {
      this.#pendingSources.delete(source);
    }
  }

  /** The others hear that it has left. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.abandon();
    this.#options.onClosed(this);
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
      if (this.#options.isMuted(source) && !producer.closed) await producer.pause();
    } catch (error) {
      producer.close();
      throw this.#hasEnded ? new FairleadError("lease_lost", { cause: error }) : error;
    }
    if (producer.closed || this.#hasEnded) {
      producer.close();
      throw new FairleadError("lease_lost", { message: "the publisher ended meanwhile" });
    }
    this.#options.onProducer(this, producer);
    return producer;
  }

  get #hasEnded(): boolean {
    return this.#isClosed || this.seat.closed;
  }

  #forget({ id }: types.Producer): void {
    if (this.producers.delete(id)) this.#options.onProducerClosed(id);
  }
}
