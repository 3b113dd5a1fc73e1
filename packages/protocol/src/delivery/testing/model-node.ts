import type { CommandEnvelope } from "../../commands.ts";
import { FairleadError, toErrorBody } from "../../errors.ts";
import type { NumberedEvent, RoomEvent } from "../../events.ts";
import type { ReplyFrame } from "../../frames.ts";
import { CommandIntake } from "../command-intake.ts";
import { EventStream } from "../event-stream.ts";
import type { ToClient, ToNode } from "./messages.ts";
import { RoomState } from "./room-state.ts";

export const LOG_LIMIT = 8;
const WINDOW = 5;
const CHUNK = 2;
export const EPOCH = 7;
/** Of a snapshot two events are made ahead. */
const WEIGHTS = { sizeOf: () => 1, maxBytes: 7, snapshotAheadBytes: 2 };

export type NodeParts = {
  now: () => number;
  send: (message: ToClient) => void;
  makeIntake?: (act: (command: CommandEnvelope) => Promise<ReplyFrame>) => CommandIntake<ReplyFrame>;
  makeStream?: (options: ConstructorParameters<typeof EventStream>[0]) => EventStream;
};

/** The node's side of one session, with the truth about its room. */
export class ModelNode {
  readonly truth = new RoomState();
  /** Ids of commands in the order in which they were acted on. */
  readonly acted: number[] = [];
  /** Copies of commands that had been acted on before. */
  repeats = 0;
  /** The most events that were kept at once, over what is allowed. */
  excessEvents = 0;
  readonly stream: EventStream;
  readonly intake: CommandIntake<ReplyFrame>;
  readonly #send: (message: ToClient) => void;
  #running: (() => void)[] = [];
  #connection = 1;
  #snapshotSize = 0;
  #nextPeer = 1;
  #isStarted = false;

  constructor({ now, send, makeIntake, makeStream }: NodeParts) {
    this.#send = send;
    const act = (command: CommandEnvelope) => this.#act(command);
    this.intake = makeIntake ? makeIntake(act) : new CommandIntake(act);
    const options = {
      epoch: EPOCH,
      snapshot: () => this.#snapshot(),
      now,
      limit: LOG_LIMIT,
      window: WINDOW,
      ...WEIGHTS,
    };
    this.stream = makeStream ? makeStream(options) : new EventStream(options);
  }

  /** The join is answered: the session's events begin. The room may have changed since the peer came in. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#publish(this.stream.start());
  }

  receive(message: ToNode): void {
    if (message.type === "command") this.#command(message.command);
    else if (message.type === "attach") this.#attach(message);
    else if (message.connection === this.#connection) this.#publish(this.stream.acknowledge(message.ack));
  }

  /** The rest of the world: another peer comes, or one goes. */
  peerComesOrGoes(choice: number): void {
    const present = [...this.truth.peers.keys()];
    const leaving = choice % 3 === 0 ? present[choice % Math.max(present.length, 1)] : undefined;
    if (leaving) this.#change({ name: "peer.left", data: { peerId: leaving, reason: "left" } });
    else {
      const peerId = `p${this.#nextPeer++}`;
      const peer = { peerId, identity: peerId, name: "", metadata: "", joinedAtMs: 0 };
      this.#change({ name: "peers.joined", data: { peers: [peer] } });
    }
  }

  detach(): void {
    this.stream.detach();
  }

  tick(): void {
    this.#publish(this.stream.tick());
  }

  /** One command that is being acted on comes to its end. */
  finish(index: number): void {
    this.#running.splice(index % Math.max(this.#running.length, 1), 1)[0]?.();
  }

  get running(): number {
    return this.#running.length;
  }

  #command(command: CommandEnvelope): void {
    if (this.acted.includes(command.id)) this.repeats += 1;
    this.intake.receive(command).then(this.#send, (error: unknown) => {
      if (!(error instanceof FairleadError)) throw error;
      this.#send({ type: "reply", id: command.id, ok: false, error: toErrorBody(error) });
    });
  }

  /** Takes effect at once, answers later (with its place among the acts): replies overtake each other. */
  #act({ id }: CommandEnvelope): Promise<ReplyFrame> {
    const place = this.acted.push(id) - 1;
    const producerId = `c${id % 4}`;
    const producer = { producerId, peerId: "me", kind: "audio" as const, source: "microphone" as const };
    if (this.truth.producers.has(producerId)) this.#change({ name: "producer.closed", data: { producerId } });
    else {
      const producers = [{ ...producer, paused: false, muted: false }];
      this.#change({ name: "producers.created", data: { producers } });
      this.#change({ name: "producer.paused", data: { producerId, muted: false } });
    }
    const { promise, resolve } = Promise.withResolvers<ReplyFrame>();
    this.#running.push(() => resolve({ type: "reply", id, ok: true, data: place }));
    return promise;
  }

  #attach({ connection, position }: Extract<ToNode, { type: "attach" }>): void {
    if (connection < this.#connection) return;
    const isNew = connection > this.#connection;
    this.#connection = connection;
    this.#send({ type: "attached", connection });
    if (isNew) this.#publish(this.stream.attach(position));
  }

  #change(event: RoomEvent): void {
    this.truth.apply(event);
    this.#publish(this.stream.append(event));
  }

  *#snapshot(): Generator<RoomEvent> {
    this.#snapshotSize = 0;
    for (const event of this.truth.snapshotBitByBit(CHUNK)) {
      this.#snapshotSize += 1;
      yield event;
    }
  }

  #publish(events: NumberedEvent[]): void {
    for (const numbered of events) this.#send({ type: "event", numbered });
    const allowed = LOG_LIMIT + this.#snapshotSize;
    this.excessEvents = Math.max(this.excessEvents, this.stream.size - allowed);
  }
}
