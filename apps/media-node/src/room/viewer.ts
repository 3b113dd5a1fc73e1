import { FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { whileAlive } from "./call-mediasoup.ts";
import type { Seat } from "./seat.ts";
import type { Span } from "./span.ts";

export type ViewerOptions = {
  viewerId: string;
  /** null: nobody knows who it is. */
  identity: string | null;
  /** The codecs and header extensions that it can receive. */
  rtpCapabilities: types.RtpCapabilities;
  seat: Seat;
  /** One of the seat's for payload types of its own, where its transport is. Default: the seat itself. */
  place?: Seat;
  transport: types.WebRtcTransport;
  span: Span;
};

/** One that watches with a receive transport and nothing else. */
export class Viewer {
  readonly viewerId: string;
  readonly identity: string | null;
  readonly seat: Seat;
  readonly transport: types.WebRtcTransport;
  /** By producer. */
  readonly consumers = new Map<string, types.Consumer>();
  /** Whether it would watch more if it came anew: it can't be offered anything later. */
  wouldSeeMore: () => boolean = () => false;
  readonly #place: Seat;
  readonly #span: Span;
  readonly #rtpCapabilities: types.RtpCapabilities;
  readonly #ended = Promise.withResolvers<void>();

  constructor(options: ViewerOptions) {
    this.viewerId = options.viewerId;
    this.identity = options.identity;
    this.seat = options.seat;
    this.#place = options.place ?? options.seat;
    this.transport = options.transport;
    this.#span = options.span;
    this.#rtpCapabilities = options.rtpCapabilities;
    this.transport.observer.once("close", () => this.#ended.resolve());
  }

  get isClosed(): boolean {
    return this.transport.closed;
  }

  /** Resolves once it is closed, or its seat or room is gone. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /**
   * A paused consumer of a producer of the room, wherever that comes in; the one that it has, if it has one.
   * @param mid Of the section that it is in. Default: mediasoup's.
   * @throws {FairleadError} `media_rejected`: it can't decode it; `lease_lost`: the producer, the seat or the viewer went meanwhile.
   */
  async watch(producer: types.Producer, mid?: string): Promise<types.Consumer> {
    if (producer.closed) throw new FairleadError("lease_lost", { message: "the producer is closed" });
    if (!this.#span.canConsume(producer, this.#rtpCapabilities)) throw new FairleadError("media_rejected");
    const { id: producerId, piped } = await this.#span.bring(producer, this.#place);
    const consumer = await whileAlive(this.transport, () =>
      this.transport.consume({
        producerId,
        rtpCapabilities: this.#rtpCapabilities,
        paused: true,
        ...(mid === undefined ? {} : { mid }),
        appData: { owner: { ...this.seat.owner, viewerId: this.viewerId } },
      }),
    );
    // mediasoup does not close what is being made meanwhile.
    if (producer.closed || this.isClosed) {
      consumer.close();
      throw new FairleadError("lease_lost", { message: "closed meanwhile" });
    }
    const earlier = this.consumers.get(producer.id);
    if (earlier) {
      consumer.close();
      return earlier;
    }
    piped?.serve(consumer);
    this.consumers.set(producer.id, consumer);
    consumer.observer.once("close", () => {
      this.consumers.delete(producer.id);
    });
    return consumer;
  }

  /** Idempotent. */
  close(): void {
    this.transport.close();
  }
}
