import { formatPosition, type NumberedEvent, type ParsedPosition, type RoomEvent } from "../events.ts";
import type { Epoch } from "../ids.ts";

/** Unacknowledged events that a node keeps per session, besides those of a snapshot. */
export const EVENT_LOG_LIMIT = 1_000;

export type Replay =
  /** The events that the client lacks, oldest first, or the snapshot that replaces them; empty when it is up to date. */
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
  /** `limit` and the latest snapshot: a snapshot of any size gets through, whatever happens meanwhile. */
  #capacity: number;
  #events: NumberedEvent[] = [];
  /** Sequence before the oldest kept event. */
  #forgottenUpTo = 0;

  constructor(epoch: Epoch, limit: number = EVENT_LOG_LIMIT) {
    this.epoch = epoch;
    this.#limit = limit;
    this.#capacity = limit;
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
    if (this.#events.length > this.#capacity) this.#forget(this.#forgottenUpTo + 1);
    return numbered;
  }

  /** Forgets what the client has. Positions of other epochs and from the future change nothing. */
  acknowledge(position: ParsedPosition): void {
    if (position.epoch !== this.epoch || position.sequence > this.head) return;
    this.#forget(position.sequence);
  }

  /**
   * @returns What a client at `position` lacks, at most `max` events (it acknowledges those, then asks on). One that
   * lacks forgotten events gets the rest of the log if that begins with a snapshot, which it can apply from anywhere.
   */
  replay(position: ParsedPosition, max: number = this.#capacity): Replay {
    if (position.epoch !== this.epoch || position.sequence > this.head) return { state: "snapshot_needed" };
    const start = position.sequence - this.#forgottenUpTo;
    if (start < 0 && this.#events[0]?.event.name !== "snapshot.started") return { state: "snapshot_needed" };
    const from = Math.max(start, 0);
    return { state: "events", events: this.#events.slice(from, from + max) };
  }

  /** Forgets everything and begins anew with a snapshot: `snapshot.started`, the state, `snapshot.ended`. */
  restart(snapshot: readonly RoomEvent[]): void {
    this.#forget(this.head);
    this.#capacity = this.#limit + snapshot.length;
    for (const event of snapshot) this.append(event);
  }

  #forget(upTo: number): void {
    const count = upTo - this.#forgottenUpTo;
    if (count <= 0) return;
    this.#events.splice(0, count);
    this.#forgottenUpTo = upTo;
  }
}
