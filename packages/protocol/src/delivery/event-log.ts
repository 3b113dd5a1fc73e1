import { formatPosition, type NumberedEvent, type ParsedPosition, type RoomEvent } from "../events.ts";
import type { Epoch } from "../ids.ts";

/** Unacknowledged events that a node keeps per session, besides those of a snapshot. */
export const EVENT_LOG_LIMIT = 1_000;
/** Bytes of them; what many sessions wait for counts in each, though it is there once. */
const EVENT_LOG_BYTES = 1_048_576;
/** Of a snapshot no more is made ahead of the acknowledgements than this, and one event. */
const SNAPSHOT_AHEAD_BYTES = 524_288;

export type EventLogOptions = {
  limit?: number;
  maxBytes?: number;
  snapshotAheadBytes?: number;
  /** Bytes of an event. Default: events weigh nothing. */
  sizeOf?: (event: RoomEvent) => number;
};

export type Replay =
  /** The events that the client lacks, oldest first, or the snapshot that replaces them; empty when it is up to date. */
  | { state: "events"; events: NumberedEvent[] }
  /** The client lacks events that are gone, or claims ones that never were: it needs a snapshot. */
  | { state: "snapshot_needed" };

/**
 * The node's end of a session's event stream: numbers events and keeps them until the client acknowledges them. With more unacknowledged
 * ones than it may keep it drops them all, and keeps none until a snapshot begins it anew.
 *
 * A snapshot is made bit by bit as the client takes it, and is never there as a whole. So it may show changes that happen meanwhile; the
 * events that tell of them follow it, and the client applies what it knows already without effect.
 */
export class EventLog {
  readonly epoch: Epoch;
  readonly #options: Required<EventLogOptions>;
  /** Those that have a number. */
  #events: NumberedEvent[] = [];
  /** Sequence before the oldest of them. */
  #forgottenUpTo = 0;
  /** The rest of a snapshot; null: all of it has been made. */
  #snapshot: Iterator<RoomEvent> | null = null;
  /** Sequence of the last event of the last snapshot, as far as it is made. */
  #snapshotUpTo = 0;
  /** Events behind a snapshot that has not been made to its end. */
  #waiting: RoomEvent[] = [];
  #bytes = { snapshot: 0, appended: 0 };
  #isDropped = false;

  constructor(epoch: Epoch, options: EventLogOptions = {}) {
    this.epoch = epoch;
    const defaults = { limit: EVENT_LOG_LIMIT, maxBytes: EVENT_LOG_BYTES, sizeOf: () => 0 };
    this.#options = { snapshotAheadBytes: SNAPSHOT_AHEAD_BYTES, ...defaults, ...options };
  }

  /** Sequence of the newest event that has a number; 0 before the first. */
  get head(): number {
    return this.#forgottenUpTo + this.#events.length;
  }

  get size(): number {
    return this.#events.length + this.#waiting.length;
  }

  append(event: RoomEvent): void {
    if (this.#isDropped) return;
    this.#bytes.appended += this.#options.sizeOf(event);
    if (this.#snapshot) this.#waiting.push(event);
    else this.#number(event);
    const { limit, maxBytes } = this.#options;
    if (this.#appended() > limit || this.#bytes.appended > maxBytes) this.#drop();
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
  replay({ epoch, sequence }: ParsedPosition, max: number = Number.POSITIVE_INFINITY): Replay {
    if (epoch !== this.epoch || sequence > this.head || this.#isDropped) return { state: "snapshot_needed" };
    const from = Math.max(sequence, this.#forgottenUpTo);
    this.#makeSnapshotUpTo(from + max);
    if (from > sequence && this.#events[0]?.event.name !== "snapshot.started")
      return { state: "snapshot_needed" };
    const start = from - this.#forgottenUpTo;
    return { state: "events", events: this.#events.slice(start, start + max) };
  }

  /** Forgets everything and begins anew with a snapshot: `snapshot.started`, the state, `snapshot.ended`. */
  restart(snapshot: Iterable<RoomEvent>): void {
    this.#drop();
    this.#isDropped = false;
    this.#snapshot = snapshot[Symbol.iterator]();
    this.#snapshotUpTo = this.head;
  }

  #makeSnapshotUpTo(sequence: number): void {
    while (this.#snapshot && this.head < sequence) {
      if (this.#bytes.snapshot >= this.#options.snapshotAheadBytes && this.#events.length > 0) return;
      const next = this.#snapshot.next();
      if (next.done) this.#endSnapshot();
      else {
        this.#number(next.value);
        this.#snapshotUpTo = this.head;
        this.#bytes.snapshot += this.#options.sizeOf(next.value);
      }
    }
  }

  #endSnapshot(): void {
    this.#snapshot = null;
    for (const event of this.#waiting) this.#number(event);
    this.#waiting = [];
  }

  #number(event: RoomEvent): void {
    this.#events.push({ position: formatPosition({ epoch: this.epoch, sequence: this.head + 1 }), event });
  }

  /** How many are kept besides those of a snapshot. */
  #appended(): number {
    const ofSnapshot = Math.max(0, this.#snapshotUpTo - this.#forgottenUpTo);
    return this.size - ofSnapshot;
  }

  #drop(): void {
    this.#forgottenUpTo = this.head;
    this.#events = [];
    this.#snapshot = null;
    this.#waiting = [];
    this.#bytes = { snapshot: 0, appended: 0 };
    this.#isDropped = true;
  }

  #forget(upTo: number): void {
    const count = upTo - this.#forgottenUpTo;
    if (count <= 0) return;
    for (const [index, { event }] of this.#events.splice(0, count).entries()) {
      const isOfSnapshot = this.#forgottenUpTo + index + 1 <= this.#snapshotUpTo;
      this.#bytes[isOfSnapshot ? "snapshot" : "appended"] -= this.#options.sizeOf(event);
    }
    this.#forgottenUpTo = upTo;
  }
}
