import { FairleadError, randomId } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { whileAlive } from "./call-mediasoup.ts";
import type { Room } from "./room.ts";
import type { Seat } from "./seat.ts";

export type ViewerSettings = {
  /** null: nobody knows who it is. */
  identity: string | null;
  /** The codecs and header extensions that it can receive. */
  rtpCapabilities: types.RtpCapabilities;
};

/** Who watches with a receive transport and nothing else. */
export class Viewer {
  readonly viewerId: string;
  readonly identity: string | null;
  readonly seat: Seat;
  readonly transport: types.WebRtcTransport;
  /** By producer. */
  readonly consumers = new Map<string, types.Consumer>();
  readonly #room: Room;
  readonly #rtpCapabilities: types.RtpCapabilities;
  readonly #ended = Promise.withResolvers<void>();

  constructor(
    room: Room,
    settings: ViewerSettings,
    place: { viewerId: string; seat: Seat; transport: types.WebRtcTransport },
  ) {
    this.#room = room;
    this.identity = settings.identity;
    this.#rtpCapabilities = settings.rtpCapabilities;
    this.viewerId = place.viewerId;
    this.seat = place.seat;
    this.transport = place.transport;
    this.transport.observer.once("close", () => {
      this.#room.viewers.forget(this);
      this.#ended.resolve();
    });
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
   * @throws {FairleadError} `media_rejected`: it can't decode it; `lease_lost`: the producer, the seat or the viewer went meanwhile.
   */
  async watch(producer: types.Producer): Promise<types.Consumer> {
    const { span } = this.#room;
    if (producer.closed) throw new FairleadError("lease_lost", { message: "the producer is closed" });
    if (!span.canConsume(producer, this.#rtpCapabilities)) throw new FairleadError("media_rejected");
    const { id: producerId, piped } = await span.bring(producer, this.seat);
    const consumer = await whileAlive(this.transport, () =>
      this.transport.consume({
        producerId,
        rtpCapabilities: this.#rtpCapabilities,
        paused: true,
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

/** The viewers of a room. */
export class Viewers {
  readonly #room: Room;
  readonly #viewers = new Map<string, Viewer>();

  constructor(room: Room) {
    this.#room = room;
  }

  all(): Viewer[] {
    return [...this.#viewers.values()];
  }

  get(viewerId: string): Viewer | undefined {
    return this.#viewers.get(viewerId);
  }

  /** @throws {FairleadError} `lease_lost` if the room or the seat went meanwhile. */
  async add(settings: ViewerSettings, seat: Seat): Promise<Viewer> {
    const viewerId = randomId();
    const transport = await whileAlive(seat, () => seat.openTransport({ ...seat.owner, viewerId }));
    if (this.#room.isClosed || seat.closed || transport.closed) {
      transport.close();
      throw new FairleadError("lease_lost");
    }
    const viewer = new Viewer(this.#room, settings, { viewerId, seat, transport });
    this.#viewers.set(viewerId, viewer);
    return viewer;
  }

  forget({ viewerId }: Viewer): void {
    this.#viewers.delete(viewerId);
  }
}
