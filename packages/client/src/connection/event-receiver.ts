import {
  type Acknowledgement,
  EventAcknowledger,
  EventCursor,
  type NumberedEvent,
  type Position,
  type RoomEvent,
} from "@fairlead/protocol";

const TICK_MS = 100;

export type EventReceiverOptions = {
  /** Milliseconds. */
  now: () => number;
  apply(event: RoomEvent): void;
  acknowledge(ack: Acknowledgement): void;
};

/** Applies a session's events in order and acknowledges them. The rules stand in `protocol`; this class has the clock. */
export class EventReceiver {
  readonly #cursor: EventCursor;
  readonly #acknowledger: EventAcknowledger;
  readonly #options: EventReceiverOptions;
  #ticks: ReturnType<typeof setInterval> | undefined;

  /** @param position The start of the stream, from the join's reply. */
  constructor(position: Position, options: EventReceiverOptions) {
    this.#cursor = new EventCursor(position);
    this.#acknowledger = new EventAcknowledger(options.now);
    this.#options = options;
  }

  /** The last event applied. */
  get position(): Position {
    return this.#cursor.position;
  }

  receive(numbered: NumberedEvent): void {
    const arrival = this.#cursor.accept(numbered);
    if (arrival === "apply") {
      this.#notePace(numbered.event);
      this.#options.apply(numbered.event);
    }
    this.#send(this.#acknowledger.note(arrival, this.position));
  }

  /** @param acksByPing Pings acknowledge, and this class does so only for many events at once and for gaps. */
  goLive(acksByPing: boolean): void {
    this.goAway();
    this.#acknowledger.acksByPing = acksByPing;
    this.#ticks = setInterval(() => this.#send(this.#acknowledger.tick(this.position)), TICK_MS);
  }

  /** What a ping that is sent now acknowledges. */
  pingPosition(): Position | undefined {
    return this.#acknowledger.ping(this.position);
  }

  /** The socket is gone: the resume will name the position. */
  goAway(): void {
    clearInterval(this.#ticks);
  }

  /** The node makes a large snapshot bit by bit, as it is acknowledged: that must not wait for a ping. */
  #notePace({ name }: RoomEvent): void {
    if (name === "snapshot.started") this.#acknowledger.isUrgent = true;
    if (name === "snapshot.ended") this.#acknowledger.isUrgent = false;
  }

  #send(ack: Acknowledgement | null): void {
    if (ack) this.#options.acknowledge(ack);
  }
}
