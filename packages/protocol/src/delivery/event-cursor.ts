import {
  formatPosition,
  type NumberedEvent,
  type ParsedPosition,
  type Position,
  parsePosition,
} from "../events.ts";

export type Arrival =
  /** The next in order: apply it. */
  | "apply"
  /** Seen before, or of an older epoch: drop it. */
  | "duplicate"
  /** Something before it is missing: drop it and acknowledge with `resend`. */
  | "gap";

/**
 * The client's end of a session's event stream (go-back-N): applies events strictly in order, and never past a gap.
 * A `snapshot.started` is applied wherever it stands ahead, since it makes what came before it worthless.
 */
export class EventCursor {
  #position: ParsedPosition;

  /** @param position Where the stream begins, from the join's reply. */
  constructor(position: Position) {
    this.#position = parsePosition(position);
  }

  /** The last event applied. */
  get position(): Position {
    return formatPosition(this.#position);
  }

  accept(numbered: NumberedEvent): Arrival {
    const { epoch, sequence } = parsePosition(numbered.position);
    if (epoch !== this.#position.epoch) return epoch < this.#position.epoch ? "duplicate" : "gap";
    if (sequence <= this.#position.sequence) return "duplicate";
    const isNext = sequence === this.#position.sequence + 1 || numbered.event.name === "snapshot.started";
    if (!isNext) return "gap";
    this.#position = { epoch, sequence };
    return "apply";
  }
}
