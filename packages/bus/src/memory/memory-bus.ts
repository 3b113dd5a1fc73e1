import { FairleadError, MAX_BUS_MESSAGE_BYTES } from "@fairlead/protocol";
import type {
  Bus,
  BusHeaders,
  BusMessage,
  BusStatus,
  IncomingMessage,
  RequestOptions,
  Subscription,
} from "../bus.ts";
import { assertFits } from "../message-size.ts";
import { throwLater } from "../throw-later.ts";
import { subjectMatches } from "./subject-match.ts";

type Subscriber = { pattern: string; queue: string | undefined; handler: (message: IncomingMessage) => void };

export type MemoryBusOptions = { onHandlerError?: (error: unknown, subject: string) => void };

/**
 * The processes of a one-process cluster talk over one `MemoryBus`. It copies bytes and delivers later, in a microtask, as
 * a network would (by `new Uint8Array`, as a Buffer's `slice` would not copy): nobody shares an object with a subscriber or runs inside a publisher's call.
 */
export function createMemoryBus(options: MemoryBusOptions = {}): Bus {
  return new MemoryBus(options);
}

class MemoryBus implements Bus {
  /** Subscribers without wildcards by subject; most subscriptions, so delivery needs no search. */
  readonly #exact = new Map<string, Set<Subscriber>>();
  readonly #wildcard = new Set<Subscriber>();
  readonly #pending = new Set<(error: FairleadError) => void>();
  readonly #onHandlerError: (error: unknown, subject: string) => void;
  #isClosed = false;
  /** Whose turn it is, by queue: one count for all would give the same member every turn where two queues alternate. */
  readonly #turns = new Map<string, number>();

  constructor(options: MemoryBusOptions) {
    this.#onHandlerError = options.onHandlerError ?? throwLater;
  }

  get isConnected(): boolean {
    return !this.#isClosed;
  }

  publish(subject: string, data: Uint8Array, headers: BusHeaders = {}): void {
    this.#assertOpen();
    assertFits(subject, data, headers, MAX_BUS_MESSAGE_BYTES);
    this.#deliver(this.#receiversOf(subject), {
      subject,
      data: new Uint8Array(data),
      headers: { ...headers },
    });
  }

  subscribe(
    subject: string,
    handler: (message: IncomingMessage) => void,
    options: { queue?: string } = {},
  ): Subscription {
    this.#assertOpen();
    const subscriber = { pattern: subject, queue: options.queue, handler };
    this.#groupOf(subject).add(subscriber);
    return { unsubscribe: () => this.#remove(subscriber) };
  }

  async flush(): Promise<void> {
    this.#assertOpen();
  }

  async request(
    subject: string,
    data: Uint8Array,
    { timeoutMs, headers = {} }: RequestOptions,
  ): Promise<BusMessage> {
    const { promise, resolve } = Promise.withResolvers<BusMessage>();
    const hasListener = this.#ask({ subject, data, headers }, resolve);
    if (!hasListener) throw new FairleadError("node_unreachable", { message: "nobody listens" });
    const answer = await this.#within(timeoutMs, promise);
    if (!answer) throw new FairleadError("node_timeout", { message: `no answer in ${timeoutMs} ms` });
    return answer;
  }

  async requestMany(
    subject: string,
    data: Uint8Array,
    { timeoutMs, headers = {} }: RequestOptions,
  ): Promise<BusMessage[]> {
    const answers: BusMessage[] = [];
    const hasListener = this.#ask({ subject, data, headers }, (answer) => answers.push(answer));
    if (hasListener) await this.#within(timeoutMs, new Promise<never>(() => {}));
    // A late answer must not grow what the caller has.
    return [...answers];
  }

  onStatus(_listener: (status: BusStatus) => void): () => void {
    // Memory is never lost while the process lives.
    return () => {};
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#exact.clear();
    this.#wildcard.clear();
    for (const fail of [...this.#pending]) fail(new FairleadError("bus_disconnected"));
  }

  /** @returns Whether anybody listens. */
  #ask({ subject, data, headers }: BusMessage, onAnswer: (answer: BusMessage) => void): boolean {
    this.#assertOpen();
    assertFits(subject, data, headers, MAX_BUS_MESSAGE_BYTES);
    const receivers = this.#receiversOf(subject);
    for (const receiver of receivers) {
      const respond = respondOnce(subject, onAnswer);
      this.#deliver([receiver], { subject, data: new Uint8Array(data), headers: { ...headers }, respond });
    }
    return receivers.length > 0;
  }

  /** @returns What `answer` resolves with, or null after `timeoutMs`. Rejects when the bus closes. */
  async #within<T>(timeoutMs: number, answer: Promise<T>): Promise<T | null> {
    const over = Promise.withResolvers<null>();
    const timer = setTimeout(() => over.resolve(null), timeoutMs);
    this.#pending.add(over.reject);
    try {
      return await Promise.race([answer, over.promise]);
    } finally {
      clearTimeout(timer);
      this.#pending.delete(over.reject);
    }
  }

  #deliver(receivers: Subscriber[], message: IncomingMessage): void {
    for (const receiver of receivers) queueMicrotask(() => this.#hand(receiver, message));
  }

  #hand(receiver: Subscriber, message: IncomingMessage): void {
    if (!this.#isSubscribed(receiver)) return;
    try {
      receiver.handler({ ...message, data: new Uint8Array(message.data), headers: { ...message.headers } });
    } catch (error) {
      this.#onHandlerError(error, message.subject);
    }
  }

  #receiversOf(subject: string): Subscriber[] {
    const matching = [
      ...(this.#exact.get(subject) ?? []),
      ...[...this.#wildcard].filter((s) => subjectMatches(s.pattern, subject)),
    ];
    const queues = Map.groupBy(matching, (subscriber) => subscriber.queue);
    return [...queues].flatMap(([queue, members]) =>
      queue === undefined ? members : this.#oneOf(queue, members),
    );
  }

  #oneOf(queue: string, members: Subscriber[]): Subscriber[] {
    const turn = (this.#turns.get(queue) ?? 0) % members.length;
    this.#turns.set(queue, turn + 1);
    return members.slice(turn, turn + 1);
  }

  #groupOf(pattern: string): Set<Subscriber> {
    if (/[*>]/.test(pattern)) return this.#wildcard;
    const group = this.#exact.get(pattern) ?? new Set();
    this.#exact.set(pattern, group);
    return group;
  }

  #isSubscribed(subscriber: Subscriber): boolean {
    return this.#wildcard.has(subscriber) || this.#exact.get(subscriber.pattern)?.has(subscriber) === true;
  }

  #remove(subscriber: Subscriber): void {
    this.#wildcard.delete(subscriber);
    const group = this.#exact.get(subscriber.pattern);
    group?.delete(subscriber);
    if (group?.size === 0) this.#exact.delete(subscriber.pattern);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new FairleadError("bus_disconnected");
  }
}

/** The first response counts, and comes later, as over a network. */
function respondOnce(subject: string, onAnswer: (answer: BusMessage) => void): (data: Uint8Array) => void {
  let hasResponded = false;
  return (data) => {
    if (hasResponded) return;
    assertFits(subject, data, {}, MAX_BUS_MESSAGE_BYTES);
    hasResponded = true;
    const copy = new Uint8Array(data);
    queueMicrotask(() => onAnswer({ subject, data: copy, headers: {} }));
  };
}
