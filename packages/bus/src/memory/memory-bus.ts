import { FairleadError } from "@fairlead/protocol";
import type {
  Bus,
  BusHeaders,
  BusMessage,
  BusStatus,
  IncomingMessage,
  RequestOptions,
  Subscription,
} from "../bus.ts";
import { subjectMatches } from "./subject-match.ts";

type Subscriber = { pattern: string; queue: string | undefined; handler: (message: IncomingMessage) => void };

export type MemoryBusOptions = { onHandlerError?: (error: unknown, subject: string) => void };

/**
 * The processes of a one-process cluster talk over one `MemoryBus`. It copies bytes and delivers later, in a microtask, as
 * a network would: nobody shares an object with a subscriber or runs inside a publisher's call.
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
    this.#onHandlerError = options.onHandlerError ?? ((error) => reportError(error));
  }

  get isConnected(): boolean {
    return !this.#isClosed;
  }

  publish(subject: string, data: Uint8Array, headers: BusHeaders = {}): void {
    this.#assertOpen();
    this.#deliver({ subject, data: data.slice(), headers: { ...headers } });
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

  request(
    subject: string,
    data: Uint8Array,
    { timeoutMs, headers = {} }: RequestOptions,
  ): Promise<BusMessage> {
    if (this.#isClosed) return Promise.reject(new FairleadError("bus_disconnected"));
    const { promise, resolve, reject } = Promise.withResolvers<BusMessage>();
    const settle = (act: () => void) => {
      clearTimeout(timer);
      this.#pending.delete(fail);
      act();
    };
    const fail = (error: FairleadError) => settle(() => reject(error));
    const timer = setTimeout(
      () => fail(new FairleadError("node_timeout", { message: `no answer in ${timeoutMs} ms` })),
      timeoutMs,
    );
    this.#pending.add(fail);
    const respond = (answer: Uint8Array) => {
      const copy = answer.slice();
      queueMicrotask(() => settle(() => resolve({ subject, data: copy, headers: {} })));
    };
    const hasListener = this.#deliver({ subject, data: data.slice(), headers: { ...headers }, respond });
    if (!hasListener) fail(new FairleadError("node_unreachable", { message: "nobody listens" }));
    return promise;
  }

  async requestMany(
    subject: string,
    data: Uint8Array,
    { timeoutMs, headers = {} }: RequestOptions,
  ): Promise<BusMessage[]> {
    this.#assertOpen();
    const answers: BusMessage[] = [];
    for (const receiver of this.#receiversOf(subject)) {
      let hasAnswered = false;
      const respond = (answer: Uint8Array) => {
        if (!hasAnswered) answers.push({ subject, data: answer.slice(), headers: {} });
        hasAnswered = true;
      };
      queueMicrotask(() => this.#hand(receiver, { subject, data: data.slice(), headers, respond }));
    }
    const { promise: over, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    this.#pending.add(reject);
    await over.finally(() => {
      clearTimeout(timer);
      this.#pending.delete(reject);
    });
    return answers;
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
  #deliver(message: IncomingMessage): boolean {
    const receivers = this.#receiversOf(message.subject);
    for (const receiver of receivers) queueMicrotask(() => this.#hand(receiver, message));
    return receivers.length > 0;
  }

  #hand(receiver: Subscriber, message: IncomingMessage): void {
    if (!this.#isSubscribed(receiver)) return;
    try {
      receiver.handler({ ...message, data: message.data.slice(), headers: { ...message.headers } });
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
