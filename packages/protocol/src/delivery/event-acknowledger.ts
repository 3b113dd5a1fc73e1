import type { Position } from "../events.ts";
import type { Acknowledgement } from "../frames.ts";
import type { Arrival } from "./event-cursor.ts";

/** Acknowledge after this many events, well below the node's window, or after this time, ms. */
const ACK_EVERY = 32;
const ACK_DELAY_MS = 200;
/** The same gap is asked about again after this time, ms. */
const ASK_AGAIN_MS = 500;

/**
 * When a client acknowledges its events: in batches, soon after a lull, and at once when something is missing. A burst
 * behind one gap asks for it once, so that a lost event does not cost its window squared.
 *
 * Use: `note()` with each answer of `EventCursor.accept`, and `tick()` a few times a second; send what they return. `ping()` with each
 * ping. Once the server says that it takes acknowledgements by ping, `tick()` leaves them to the pings, unless they are urgent.
 */
export class EventAcknowledger {
  readonly #now: () => number;
  readonly #every: number;
  /** Pings acknowledge. */
  acksByPing = false;
  /** What comes must not wait for a ping. */
  isUrgent = false;
  #unacknowledged = 0;
  #dueAtMs: number | null = null;
  #asked: { position: Position; againAtMs: number } | null = null;

  /** @param now Milliseconds. */
  constructor(now: () => number, every: number = ACK_EVERY) {
    this.#now = now;
    this.#every = every;
  }

  /** @param position The cursor's, after the arrival. */
  note(arrival: Arrival, position: Position): Acknowledgement | null {
    if (arrival === "gap") return this.#ask(position);
    if (arrival === "apply") this.#unacknowledged += 1;
    // A hidden tab's ticks come once a minute: what arrives is looked at as well.
    const isOverdue = this.#isDue();
    // A duplicate says that the node does not know how far we are.
    this.#dueAtMs ??= this.#now() + ACK_DELAY_MS;
    return isOverdue || this.#unacknowledged >= this.#every ? this.#acknowledge(position, false) : null;
  }

  tick(position: Position): Acknowledgement | null {
    return this.#isDue() ? this.#acknowledge(position, false) : null;
  }

  /** @returns What a ping that is sent now acknowledges. */
  ping(position: Position): Position | undefined {
    if (!this.acksByPing || this.#dueAtMs === null) return undefined;
    return this.#acknowledge(position, false).position;
  }

  /** An acknowledgement that is not left to a ping is due. */
  #isDue(): boolean {
    const isLeftToPing = this.acksByPing && !this.isUrgent;
    return !isLeftToPing && this.#dueAtMs !== null && this.#now() >= this.#dueAtMs;
  }

  #ask(position: Position): Acknowledgement | null {
    if (this.#asked?.position === position && this.#now() < this.#asked.againAtMs) return null;
    this.#asked = { position, againAtMs: this.#now() + ASK_AGAIN_MS };
    return this.#acknowledge(position, true);
  }

  #acknowledge(position: Position, resend: boolean): Acknowledgement {
    this.#unacknowledged = 0;
    this.#dueAtMs = null;
    return { position, resend };
  }
}
