import { FairleadError } from "../errors.ts";
import { type NumberedEvent, type Position, parsePosition, type RoomEvent } from "../events.ts";
import type { Acknowledgement } from "../frames.ts";
import type { Epoch } from "../ids.ts";
import { EventLog, type EventLogOptions } from "./event-log.ts";

/** Events on their way and unacknowledged; what is past it waits in the log. */
export const EVENT_WINDOW = 128;
/**
 * Events that are not acknowledged for this long are sent again, ms. An acknowledgement may wait for a ping, and in signaling for the
 * next proof of life. What is lost mostly shows sooner, by a gap, or when the bus is back.
 */
const RESEND_MS = 10_000;
/** An attached client that acknowledges nothing for this long while events wait reads too slowly, ms. */
const STALLED_MS = 30_000;
/** The same for a client that acknowledges by timers, as older builds do: a browser runs a hidden tab's timers once a minute. In ms. */
const STALLED_BY_TIMERS_MS = 75_000;
/** A client's wish to get events again is granted at most this often, ms. A wish that comes earlier is kept. */
const RESEND_ASKED_MS = 100;
/** Clients need not ask for what is sent again by itself for so long, ms. */
const SENT_AGAIN_MS = 1_000;
/** A snapshot is made at most this often, ms: it costs as much as the room is large. */
const SNAPSHOT_LEAST_MS = 1_000;

export type EventStreamOptions = EventLogOptions & {
  epoch: Epoch;
  /** Makes `snapshot.started`, the state as it is, in chunks, `snapshot.ended`; each when it is asked for, which may be later. */
  snapshot: () => Iterable<RoomEvent>;
  /** Milliseconds. */
  now: () => number;
  window?: number;
};

/**
 * The node's sending end of a session's events (go-back-N over an `EventLog`): what to send, and when again. Every method
 * answers the events to send now, in order; the caller publishes them.
 *
 * Use: `start()` once the join is answered: the snapshot it sends is the first event. `append()` for each event; `attach()` when a
 * socket takes the session over, `detach()` when it closed; `acknowledge()` for the current connection's acknowledgements only; `tick()` a few times a second.
 */
export class EventStream {
  readonly #log: EventLog;
  readonly #snapshot: () => Iterable<RoomEvent>;
  readonly #now: () => number;
  readonly #window: number;
  /** The client acknowledges, and not by its pings. */
  acksByTimers = false;
  #isStarted = false;
  #isAttached = true;
  /** Sequence of the last event that the client is known to have. */
  #acknowledged = 0;
  /** Sequence of the last event sent since the last going back; at least `#acknowledged`. */
  #sent = 0;
  #resendAtMs = 0;
  /** Since when the client owes an acknowledgement; null: it has all that was sent. */
  #owesSinceMs: number | null = null;
  /** The client wants all that it has not acknowledged again. */
  #isWished = false;
  /** Until then a wish is kept. */
  #wishFromMs = Number.NEGATIVE_INFINITY;
  /** Until then no snapshot is made. */
  #snapshotFromMs = Number.NEGATIVE_INFINITY;

  constructor(options: EventStreamOptions) {
    this.#log = new EventLog(options.epoch, options);
    this.#snapshot = options.snapshot;
    this.#now = options.now;
    this.#window = options.window ?? EVENT_WINDOW;
  }

  /** Events kept: at most the limit, and what is made of the latest snapshot. */
  get size(): number {
    return this.#log.size;
  }

  /** The client is attached, and has not acknowledged anything for long although events wait. */
  get isStalled(): boolean {
    if (!this.#isAttached || this.#owesSinceMs === null) return false;
    return this.#now() - this.#owesSinceMs >= (this.acksByTimers ? STALLED_BY_TIMERS_MS : STALLED_MS);
  }

  /** Nothing could be heard for a while, and that is not the client's fault. */
  forgive(): void {
    if (this.#owesSinceMs !== null) this.#owesSinceMs = this.#now();
  }

  /** The first events of a session: its snapshot. */
  start(): NumberedEvent[] {
    this.#isStarted = true;
    this.#restart();
    return this.#sendMore();
  }

  /** Before `start` the event is passed over: the snapshot will show what it changed. */
  append(event: RoomEvent): NumberedEvent[] {
    if (!this.#isStarted) return [];
    this.#log.append(event);
    return this.#grantWish() ?? this.#sendMore();
  }

  /**
   * A socket whose client has applied all up to `position` takes over.
   * @throws {FairleadError} `session_gone` for a position that this stream never had: the client has to join anew.
   */
  attach(position: Position): NumberedEvent[] {
    const { epoch, sequence } = parsePosition(position);
    if (epoch !== this.#log.epoch || sequence > this.#log.head) throw new FairleadError("session_gone");
    this.#isAttached = true;
    this.#acknowledged = sequence;
    this.#log.acknowledge({ epoch, sequence });
    this.#owesSinceMs = null;
    return this.#goBack();
  }

  /** Nothing is sent until the next `attach`. */
  detach(): void {
    this.#isAttached = false;
  }

  /** Old acknowledgements, and those of events that never were, change nothing. */
  acknowledge(ack: Acknowledgement): NumberedEvent[] {
    const { epoch, sequence } = parsePosition(ack.position);
    if (epoch !== this.#log.epoch || sequence > this.#log.head) return [];
    if (sequence > this.#acknowledged) this.#progress(sequence);
    // Signaling may know less of what its client has than this end does.
    if (ack.resend) this.#isWished = true;
    return this.#grantWish() ?? this.#sendMore();
  }

  /** Sends again what has been unacknowledged for too long, and what a kept wish asked for. */
  tick(): NumberedEvent[] {
    const granted = this.#grantWish();
    if (granted) return granted;
    const isOverdue = this.#sent > this.#acknowledged && this.#now() >= this.#resendAtMs;
    if (!this.#isAttached || !isOverdue) return [];
    return this.#goBack();
  }

  /** Messages may have been lost: all that is not acknowledged goes again. */
  sendAgain(): NumberedEvent[] {
    // A client that asks for the same now has it soon, and need not get it twice.
    this.#wishFromMs = this.#now() + SENT_AGAIN_MS;
    return this.#goBack();
  }

  #progress(sequence: number): void {
    this.#acknowledged = sequence;
    this.#sent = Math.max(this.#sent, sequence);
    this.#log.acknowledge({ epoch: this.#log.epoch, sequence });
    this.#resendAtMs = this.#now() + RESEND_MS;
    this.#owesSinceMs = this.#sent > sequence ? this.#now() : null;
    // The gap that was asked about is closed.
    this.#isWished = false;
  }

  /** @returns null if there is no wish, or it has to wait. */
  #grantWish(): NumberedEvent[] | null {
    if (!this.#isAttached || !this.#isWished || this.#now() < this.#wishFromMs) return null;
    this.#wishFromMs = this.#now() + RESEND_ASKED_MS;
    return this.#goBack();
  }

  #goBack(): NumberedEvent[] {
    this.#isWished = false;
    this.#sent = this.#acknowledged;
    return this.#sendMore();
  }

  #sendMore(): NumberedEvent[] {
    const free = this.#acknowledged + this.#window - this.#sent;
    if (!this.#isAttached || free <= 0) return [];
    const events = this.#following(free);
    const last = events.at(-1);
    if (!last) return [];
    if (this.#sent === this.#acknowledged) this.#resendAtMs = this.#now() + RESEND_MS;
    this.#owesSinceMs ??= this.#now();
    this.#sent = parsePosition(last.position).sequence;
    return events;
  }

  /** The events after those sent; a fresh snapshot if the log has lost them. */
  #following(max: number): NumberedEvent[] {
    const position = { epoch: this.#log.epoch, sequence: this.#sent };
    const replay = this.#log.replay(position, max);
    if (replay.state === "events") return replay.events;
    // A client that does not even acknowledge what it was sent is sent nothing new in its place, until it is time to send again.
    if (this.#sent > this.#acknowledged) return [];
    if (this.#now() < this.#snapshotFromMs) {
      this.#isWished = true;
      this.#wishFromMs = this.#snapshotFromMs;
      return [];
    }
    this.#restart();
    const fresh = this.#log.replay(position, max);
    return fresh.state === "events" ? fresh.events : [];
  }

  #restart(): void {
    this.#log.restart(this.#snapshot());
    this.#snapshotFromMs = this.#now() + SNAPSHOT_LEAST_MS;
  }
}
