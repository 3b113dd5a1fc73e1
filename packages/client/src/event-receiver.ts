import {
  type Acknowledgement,
  EventCursor,
  type NumberedEvent,
  type Position,
  type RoomEvent,
} from "@fairlead/protocol";

/** One acknowledgement answers what came within this time. */
export const ACK_DELAY_MS = 100;
/** Behind one gap many events may follow: the node is asked for a resend once in this time. */
export const RESEND_INTERVAL_MS = 500;

export type EventReceiverHandlers = {
  apply(event: RoomEvent): void;
  acknowledge(ack: Acknowledgement): void;
};

/** Applies a session's events in order and acknowledges them. */
export class EventReceiver {
  readonly #cursor: EventCursor;
  readonly #handlers: EventReceiverHandlers;
  #ackTimer: ReturnType<typeof setTimeout> | undefined;
  #resendTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(position: Position, handlers: EventReceiverHandlers) {
    this.#cursor = new EventCursor(position);
    this.#handlers = handlers;
  }

  get position(): Position {
    return this.#cursor.position;
  }

  receive(numbered: NumberedEvent): void {
    const arrival = this.#cursor.accept(numbered);
    if (arrival === "gap") {
      this.#askForResend();
      return;
    }
    // A doubled event may mean that our acknowledgement was lost: it is answered too.
    this.#ackTimer ??= setTimeout(() => this.#acknowledge(false), ACK_DELAY_MS);
    if (arrival === "apply") this.#handlers.apply(numbered.event);
  }

  /** The socket is gone: the resume will tell the position. */
  pause(): void {
    clearTimeout(this.#ackTimer);
    clearTimeout(this.#resendTimer);
    this.#ackTimer = undefined;
    this.#resendTimer = undefined;
  }

  #askForResend(): void {
    if (this.#resendTimer) return;
    this.#resendTimer = setTimeout(() => {
      this.#resendTimer = undefined;
    }, RESEND_INTERVAL_MS);
    this.#acknowledge(true);
  }

  #acknowledge(resend: boolean): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    this.#handlers.acknowledge({ position: this.position, resend });
  }
}
