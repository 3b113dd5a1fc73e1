import { FairleadError } from "../../errors.ts";
import { type NumberedEvent, parsePosition } from "../../events.ts";
import type { Acknowledgement } from "../../frames.ts";
import { CommandOutbox } from "../command-outbox.ts";
import { EventAcknowledger } from "../event-acknowledger.ts";
import { EventCursor } from "../event-cursor.ts";
import type { ToClient, ToNode } from "./messages.ts";
import { EPOCH } from "./model-node.ts";
import { RoomState } from "./room-state.ts";

const ACK_EVERY = 2;
const PING_MS = 5_000;

export type ClientParts = {
  now: () => number;
  send: (message: ToNode) => void;
  makeCursor?: (position: string) => EventCursor;
  /** Pings acknowledge. */
  acksByPing?: boolean;
};

/** The client's side of one session: it knows of the room what the events told it. */
export class ModelClient {
  state = new RoomState();
  /** Every event applied, in the order of applying. */
  readonly applied: { sequence: number; isSnapshot: boolean }[] = [];
  readonly outbox = new CommandOutbox();
  /** `id → data` or the code of the refusal. */
  readonly answers = new Map<number, unknown>();
  readonly #cursor: EventCursor;
  readonly #acknowledger: EventAcknowledger;
  readonly #send: (message: ToNode) => void;
  readonly #now: () => number;
  #pingedAtMs = 0;
  /** State under construction, between `snapshot.started` and `snapshot.ended`. */
  #staged: RoomState | null = null;
  #connection = 1;
  #link: "open" | "attaching" | "cut" = "open";

  constructor({ now, send, makeCursor, acksByPing = false }: ClientParts) {
    this.#send = send;
    const start = `${EPOCH}:0`;
    this.#cursor = makeCursor ? makeCursor(start) : new EventCursor(start);
    this.#acknowledger = new EventAcknowledger(now, ACK_EVERY);
    this.#acknowledger.acksByPing = acksByPing;
    this.#now = now;
  }

  get link(): "open" | "attaching" | "cut" {
    return this.#link;
  }

  command(): void {
    const { id, reply } = this.outbox.add("do", {});
    reply.then(
      (data) => this.answers.set(id, data),
      (error: FairleadError) => this.answers.set(id, error.code),
    );
    this.#sendCommand(id);
  }

  giveUp(index: number): void {
    const ids = this.outbox.unanswered().map(({ id }) => id);
    const id = ids[index % Math.max(ids.length, 1)];
    if (id !== undefined) this.outbox.giveUp(id, new FairleadError("node_timeout"));
  }

  cut(): void {
    this.#link = "cut";
  }

  /** Opens a new socket and asks for the session; asks again until it is answered. */
  attach(): void {
    if (this.#link === "open") return;
    if (this.#link === "cut") this.#connection += 1;
    this.#link = "attaching";
    this.#send({ type: "attach", connection: this.#connection, position: this.#cursor.position });
  }

  receive(message: ToClient): void {
    if (this.#link === "cut") return;
    if (message.type === "reply") this.outbox.settle(message);
    else if (message.type === "event") this.#event(message.numbered);
    else if (message.connection === this.#connection) {
      this.#link = "open";
      this.#sendAgain();
    }
  }

  tick(): void {
    if (this.#link !== "open") this.attach();
    this.#acknowledge(this.#acknowledger.tick(this.#cursor.position));
    if (this.#now() - this.#pingedAtMs >= PING_MS) this.#ping();
    this.#sendAgain();
  }

  #ping(): void {
    this.#pingedAtMs = this.#now();
    const position = this.#acknowledger.ping(this.#cursor.position);
    if (position) this.#acknowledge({ position, resend: false });
  }

  #event(numbered: NumberedEvent): void {
    const arrival = this.#cursor.accept(numbered);
    if (arrival === "apply") this.#apply(numbered);
    this.#acknowledge(this.#acknowledger.note(arrival, this.#cursor.position));
  }

  #apply({ position, event }: NumberedEvent): void {
    const isSnapshot = event.name === "snapshot.started";
    this.applied.push({ sequence: parsePosition(position).sequence, isSnapshot });
    if (isSnapshot) this.#staged = new RoomState();
    else if (event.name === "snapshot.ended" && this.#staged) {
      this.state = this.#staged;
      this.#staged = null;
    } else (this.#staged ?? this.state).apply(event);
  }

  #sendAgain(): void {
    for (const { id } of this.outbox.unanswered()) this.#sendCommand(id);
  }

  #sendCommand(id: number): void {
    const command = this.outbox.envelope(id);
    if (command && this.#link === "open") this.#send({ type: "command", command });
  }

  #acknowledge(ack: Acknowledgement | null): void {
    if (ack && this.#link === "open") this.#send({ type: "ack", connection: this.#connection, ack });
  }
}
