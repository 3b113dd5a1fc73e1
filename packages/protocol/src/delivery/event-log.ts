import { formatPosition, type NumberedEvent, type ParsedPosition, type RoomEvent } from "../events.ts";
import type { Epoch } from "../ids.ts";

/** Unacknowledged events that a node keeps per session. */
export const EVENT_LOG_LIMIT = 1_000;

export type Replay =
  /** What the client lacks, oldest first; empty when it is up to date. */
  | { state: "events"; events: NumberedEvent[] }
  /** The client lacks events that are gone, or claims ones that never were: it needs a snapshot. */
  | { state: "snapshot_needed" };

/**
 * The node's end of a session's event stream: numbers events and keeps them until the client acknowledges them.
 * Past `limit` unacknowledged ones it forgets the oldest, and a client that still needs those gets a snapshot.
 */
export class EventLog {
  readonly epoch: Epoch;
  readonly #limit: number;
  #events: NumberedEvent[] = [];
  /** Sequence before the oldest kept event. */
  #forgottenUpTo = 0;

  constructor(epoch: Epoch, limit: number = EVENT_LOG_LIMIT) {
    this.epoch = epoch;
    this.#limit = limit;
  }

  /** Sequence of the newest event; 0 before the first. */
  get head(): number {
    return this.#forgottenUpTo + this.#events.length;
  }

  get size(): number {
    return this.#events.length;
  }

  append(event: RoomEvent): NumberedEvent {
    const numbered = { position: formatPosition({ epoch: this.epoch, sequence: this.head + 1 }), event };
    this.#events.push(numbered);
    if (this.#events.length > this.#limit) this.#forget(this.#forgottenUpTo + 1);
    return numbered;
  }

  /** Forgets what the client has. Positions of other epochs and from the future change nothing. */
  acknowledge(position: ParsedPosition): void {
    if (position.epoch !== this.epoch || position.sequence > this.head) return;
    this.#forget(position.sequence);
  }

  /** @returns What a client at `position` lacks, at most `max` events (it acknowledges those, then asks on). */
  replay(position: ParsedPosition, max: number = this.#limit): Replay {
    const isKnown =
      position.epoch === this.epoch &&
      position.sequence >= this.#forgottenUpTo &&
      position.sequence <= this.head;
    if (!isKnown) return { state: "snapshot_needed" };
    const start = position.sequence - this.#forgottenUpTo;
    return { state: "events", events: this.#events.slice(start, start + max) };
  }

  /** Forgets everything, before a snapshot is appended. */
  clear(): void {
    this.#forget(this.head);
  }

  #forget(upTo: number): void {
    const count = upTo - this.#forgottenUpTo;
    if (count <= 0) return;
    this.#events.splice(0, count);
    this.#forgottenUpTo = upTo;
  }
}
