import { type Bus, encodeJson, encodeText } from "@fairlead/bus";
import {
  type Acknowledgement,
  type CommandEnvelope,
  CommandIntake,
  type ErrorCode,
  EventStream,
  type EventsAddressee,
  FairleadError,
  formatInboxMessage,
  type NumberedEvent,
  type Position,
  type ReplyFrame,
  type RoomEvent,
  type SessionMessage,
  subjects,
  type Transient,
  type TransientAddressee,
} from "@fairlead/protocol";
import { eventJson } from "./event-json.ts";

/** The limit of a message of several events. It is far below the bus's own, because other sessions' messages wait behind it. */
const EVENTS_MESSAGE_BYTES = 262_144;

export type SessionOptions = {
  sessionId: string;
  epoch: number;
  bus: Bus;
  now: () => number;
  /** Where its signaling process hears it; undefined: on the session's own subject, as older builds do. */
  inbox: string | undefined;
  /** The whole state as events, for a client that has none or missed too much. */
  snapshot: () => Iterable<RoomEvent>;
  /** Called before an event for this session alone: what all get, and is gathered, goes first. */
  beforeEvent?: () => void;
  /** Acts on one command and makes its reply frame. */
  act: (command: CommandEnvelope) => Promise<ReplyFrame>;
};

/**
 * The node's half of a peer's resumable connection: numbers its events and sends them to whichever signaling process holds
 * the socket, starts its commands once, and knows how long it has been without a sign of life.
 */
export class Session {
  readonly sessionId: string;
  readonly epoch: number;
  readonly #bus: Bus;
  readonly #now: () => number;
  readonly #stream: EventStream;
  readonly #intake: CommandIntake<ReplyFrame>;
  readonly #beforeEvent: () => void;
  #inbox: string | undefined;
  #connection = 1;
  #isAttached = true;
  #isPageGone = false;
  #isEnded = false;
  #endCode: ErrorCode | null = null;
  #overlapsUntilMs = 0;
  #aliveAtMs: number;
  #isAway = false;

  constructor({ sessionId, epoch, bus, now, inbox, snapshot, beforeEvent, act }: SessionOptions) {
    this.sessionId = sessionId;
    this.epoch = epoch;
    this.#bus = bus;
    this.#now = now;
    this.#inbox = inbox;
    this.#beforeEvent = beforeEvent ?? (() => {});
    this.#stream = new EventStream({ epoch, snapshot, now, sizeOf: (event) => eventJson(event).length });
    this.#intake = new CommandIntake(act);
    this.#aliveAtMs = now();
  }

  /** Raised by each attach. */
  get connection(): number {
    return this.#connection;
  }

  get isAttached(): boolean {
    return this.#isAttached;
  }

  /** Milliseconds since the last proof of life. */
  get silentMs(): number {
    return this.#now() - this.#aliveAtMs;
  }

  /** Its browser said that the page has gone, and no socket has come since. */
  get isPageGone(): boolean {
    return this.#isPageGone;
  }

  /** It ended: its client was told so, or goes on at the room's next place. */
  get isOver(): boolean {
    return this.#isEnded;
  }

  /** It was taken for away, and no sign of life has come since. */
  get isAway(): boolean {
    return this.#isAway;
  }

  noteAway(): void {
    this.#isAway = true;
  }

  /** The code that its client was told at its end; null: the session goes on, or its client was told nothing. */
  get endCode(): ErrorCode | null {
    return this.#endCode;
  }

  /** After its end: so long its media goes on, ms; 0: it is gone. */
  get overlapLeftMs(): number {
    return Math.max(0, Math.round(this.#overlapsUntilMs - this.#now()));
  }

  /** Sends the first snapshot. */
  start(): void {
    this.#publishEvents(this.#stream.start());
  }

  send(event: RoomEvent): void {
    if (this.#isEnded) return;
    this.#beforeEvent();
    this.#publishEvents(this.#stream.append(event));
  }

  /**
   * Takes an event that many sessions get.
   * @returns Whither the caller sends it, with those of the other sessions there; null: it waits, or all that is due was sent.
   */
  append(event: RoomEvent): { inbox: string; addressee: EventsAddressee } | null {
    if (this.#isEnded) return null;
    const due = this.#stream.append(event);
    const [first] = due;
    if (this.#inbox !== undefined && first?.event === event)
      return { inbox: this.#inbox, addressee: [this.sessionId, this.#connection, first.position] };
    this.#publishEvents(due);
    return null;
  }

  /** @returns As `append`. */
  takeTransient(transient: Transient): { inbox: string; addressee: TransientAddressee } | null {
    if (!this.#isAttached || this.#isEnded) return null;
    if (this.#inbox !== undefined)
      return { inbox: this.#inbox, addressee: [this.sessionId, this.#connection] };
    this.#publish({ type: "transient", connection: this.#connection, transient });
    return null;
  }

  /**
   * A socket takes the session over; an older one learns that it was replaced.
   * @param inbox Of the signaling process that holds the socket.
   * @throws {FairleadError} `session_gone` for a position that was never this session's.
   */
  attach(position: string, inbox: string | undefined): number {
    const missed = this.#stream.attach(position);
    this.#connection += 1;
    this.#inbox = inbox;
    this.#isAttached = true;
    this.#isPageGone = false;
    this.#noteLife();
    this.#publish({ type: "attached", connection: this.#connection });
    this.#publishEvents(missed);
    return this.#connection;
  }

  /** The socket of that connection closed: the grace time runs from now. */
  detach(connection: number, isPageGone = false): void {
    if (connection !== this.#connection) return;
    this.#isAttached = false;
    this.#isPageGone = isPageGone;
    this.#aliveAtMs = this.#now();
    this.#stream.detach();
  }

  /** @throws {FairleadError} `session_replaced` from an older connection. */
  acknowledge(connection: number, ack: Acknowledgement): void {
    this.assertCurrent(connection);
    this.#stream.acksByTimers = true;
    this.#publishEvents(this.#stream.acknowledge(ack));
  }

  /** @throws {FairleadError} `session_replaced` from an older socket; `command_stale`, `command_window_exceeded`. */
  receive(connection: number, command: CommandEnvelope): Promise<ReplyFrame> {
    this.assertCurrent(connection);
    this.#noteLife();
    return this.#intake.receive(command);
  }

  /** @throws {FairleadError} `session_replaced` for an older connection. */
  assertCurrent(connection: number): void {
    if (connection !== this.#connection) throw new FairleadError("session_replaced");
  }

  /** Proof of life from the signaling process that holds the socket. `position`: the client has all events up to it. */
  noteAlive(connection: number, position?: Position): void {
    if (connection !== this.#connection || !this.#isAttached) return;
    this.#noteLife();
    if (!position) return;
    this.#stream.acksByTimers = false;
    this.#publishEvents(this.#stream.acknowledge({ position, resend: false }));
  }

  /** The node's own bus was away, so that no proof of life could arrive. */
  forgiveSilence(): void {
    this.#aliveAtMs = this.#now();
    this.#stream.forgive();
  }

  /** The client takes no more events, though it is attached. */
  get isStalled(): boolean {
    return this.#stream.isStalled;
  }

  /** Messages to the client may have been lost. */
  sendAgain(): void {
    this.#publishEvents(this.#stream.sendAgain());
  }

  /** Sends again what has not been acknowledged for too long. */
  tick(): void {
    this.#publishEvents(this.#stream.tick());
  }

  /** Tells the client that its session is over, and why. `overlapMs`: so long its media goes on, beside that of the next session. */
  end(code: ErrorCode, message: string, overlapMs?: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#endCode = code;
    this.#noteOverlap(overlapMs);
    this.#publish({ type: "ended", connection: this.#connection, code, message, overlapMs });
  }

  /** Ends the session without a message: its client is told at the room's next place, or finds out by itself. `overlapMs`: as of `end`. */
  abandon(overlapMs?: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#noteOverlap(overlapMs);
  }

  #noteOverlap(overlapMs = 0): void {
    this.#overlapsUntilMs = this.#now() + overlapMs;
  }

  #noteLife(): void {
    this.#aliveAtMs = this.#now();
    this.#isAway = false;
  }

  /** Sends events in one message, or in several where they are too large; a single event always fits (`MAX_BUS_MESSAGE_BYTES`). */
  #publishEvents(events: NumberedEvent[]): void {
    if (events.length === 0 || this.#isEnded || !this.#bus.isConnected) return;
    const data = this.#encode(events);
    if (data.length <= EVENTS_MESSAGE_BYTES || events.length === 1) {
      this.#bus.publish(this.#eventsSubject, data);
      return;
    }
    const middle = events.length >> 1;
    this.#publishEvents(events.slice(0, middle));
    this.#publishEvents(events.slice(middle));
  }

  get #eventsSubject(): string {
    return this.#inbox === undefined ? subjects.session(this.sessionId) : subjects.inbox(this.#inbox);
  }

  #encode(events: NumberedEvent[]): Uint8Array {
    const [first] = events;
    if (this.#inbox === undefined || !first)
      return encodeJson({ type: "events", connection: this.#connection, events } satisfies SessionMessage);
    const to: EventsAddressee[] = [[this.sessionId, this.#connection, first.position]];
    const items = events.map(({ event }) => eventJson(event));
    return encodeText(formatInboxMessage({ header: { type: "events", to }, items }));
  }

  #publish(message: SessionMessage): void {
    // While the bus is away events wait in the log; the client asks for them when it comes back.
    if (this.#bus.isConnected) this.#bus.publish(subjects.session(this.sessionId), encodeJson(message));
  }
}
