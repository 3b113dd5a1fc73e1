import { FairleadError, MAX_BUS_MESSAGE_BYTES, TooLateError, within } from "@fairlead/protocol";
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
import { MemoryExchange, type Subscriber } from "./memory-exchange.ts";

export type MemoryBusOptions = { onHandlerError?: (error: unknown, subject: string) => void };

/** One connection to a memory bus. As one to NATS it can be lost, while the others go on. */
export interface MemoryBus extends Bus {
  /** @returns One more connection to the same bus, e.g. of another process. */
  connect(): MemoryBus;
  /** Loses this connection: until `restore` nothing gets through it, either way. Idempotent. */
  cut(): void;
  /** Has this connection back, with all its subscriptions; what was sent meanwhile is lost. Idempotent. */
  restore(): void;
}

/**
 * The processes of a one-process cluster talk over one memory bus. It copies bytes and delivers later, in a microtask, as
 * a network would (by `new Uint8Array`, as a Buffer's `slice` would not copy): nobody shares an object with a subscriber or runs inside a publisher's call.
 */
export function createMemoryBus({ onHandlerError = throwLater }: MemoryBusOptions = {}): MemoryBus {
  return new MemoryConnection(new MemoryExchange(onHandlerError));
}

type State = "up" | "cut" | "closed";

class MemoryConnection implements MemoryBus {
  readonly #exchange: MemoryExchange;
  readonly #subscribers = new Set<Subscriber>();
  readonly #listeners = new Set<(status: BusStatus) => void>();
  #state: State = "up";
  readonly #pending = new Set<(error: FairleadError) => void>();
  /** How often this connection has been lost. */
  #losses = 0;

  constructor(exchange: MemoryExchange) {
    this.#exchange = exchange;
  }

  get isConnected(): boolean {
    return this.#state === "up";
  }

  connect(): MemoryBus {
    return new MemoryConnection(this.#exchange);
  }

  publish(subject: string, data: Uint8Array, headers: BusHeaders = {}): void {
    this.#assertUp();
    assertFits(subject, data, headers, MAX_BUS_MESSAGE_BYTES);
    const message = { subject, data: new Uint8Array(data), headers: { ...headers } };
    this.#exchange.deliver(this.#exchange.receiversOf(subject), message);
  }

  subscribe(
    subject: string,
    handler: (message: IncomingMessage) => void,
    { queue }: { queue?: string } = {},
  ): Subscription {
    if (this.#state === "closed") throw new FairleadError("bus_disconnected");
    const subscriber = { subject, queue, handler: this.#handlerOf(handler) };
    this.#subscribers.add(subscriber);
    if (this.isConnected) this.#exchange.add(subscriber);
    return {
      unsubscribe: () => {
        this.#subscribers.delete(subscriber);
        this.#exchange.remove(subscriber);
      },
    };
  }

  async flush(): Promise<void> {
    this.#assertUp();
  }

  async request(subject: string, data: Uint8Array, options: RequestOptions): Promise<BusMessage> {
    const { promise, resolve } = Promise.withResolvers<BusMessage>();
    const hasListener = this.#ask(subject, data, options, resolve);
    if (!hasListener) throw new FairleadError("node_unreachable", { message: "nobody listens" });
    const answer = await this.#within(options.timeoutMs, promise);
    if (!answer) throw new FairleadError("node_timeout", { message: `no answer in ${options.timeoutMs} ms` });
    return answer;
  }

  async requestMany(subject: string, data: Uint8Array, options: RequestOptions): Promise<BusMessage[]> {
    const answers: BusMessage[] = [];
    const hasListener = this.#ask(subject, data, options, (answer) => answers.push(answer));
    if (hasListener) await this.#within(options.timeoutMs, new Promise<never>(() => {}));
    // A late answer must not grow what the caller has.
    return [...answers];
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    // One function given twice is two listeners.
    const own = (status: BusStatus) => listener(status);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  cut(): void {
    if (this.#state !== "up") return;
    this.#state = "cut";
    for (const subscriber of this.#subscribers) this.#exchange.remove(subscriber);
    this.#lose();
    this.#announce("lost");
  }

  restore(): void {
    if (this.#state !== "cut") return;
    this.#state = "up";
    for (const subscriber of this.#subscribers) this.#exchange.add(subscriber);
    this.#announce("resumed");
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    for (const subscriber of this.#subscribers) this.#exchange.remove(subscriber);
    this.#subscribers.clear();
    this.#listeners.clear();
    this.#lose();
  }

  /** An answer belongs to the connection that the request came by: it is lost with it. */
  #handlerOf(handler: (message: IncomingMessage) => void): Subscriber["handler"] {
    return ({ respond, ...message }) => {
      const losses = this.#losses;
      const respondHere = (data: Uint8Array) => {
        if (this.#losses === losses) respond?.(data);
      };
      handler(respond ? { ...message, respond: respondHere } : message);
    };
  }

  /** @returns Whether anybody listens. */
  #ask(
    subject: string,
    data: Uint8Array,
    { headers = {} }: RequestOptions,
    onAnswer: (answer: BusMessage) => void,
  ): boolean {
    this.#assertUp();
    assertFits(subject, data, headers, MAX_BUS_MESSAGE_BYTES);
    const receivers = this.#exchange.receiversOf(subject);
    for (const receiver of receivers) {
      const respond = respondOnce(subject, onAnswer);
      const message = { subject, data: new Uint8Array(data), headers: { ...headers }, respond };
      this.#exchange.deliver([receiver], message);
    }
    return receivers.length > 0;
  }

  /** @returns What `answer` resolves with, or null after `timeoutMs`. Rejects as soon as the connection is lost. */
  async #within<T>(timeoutMs: number, answer: Promise<T>): Promise<T | null> {
    const lost = Promise.withResolvers<never>();
    this.#pending.add(lost.reject);
    try {
      return await within(timeoutMs, Promise.race([answer, lost.promise]));
    } catch (error) {
      if (error instanceof TooLateError) return null;
      throw error;
    } finally {
      this.#pending.delete(lost.reject);
    }
  }

  #lose(): void {
    this.#losses += 1;
    for (const reject of [...this.#pending]) reject(new FairleadError("bus_disconnected"));
  }

  #announce(status: BusStatus): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(status);
      } catch (error) {
        this.#exchange.report(error, `(${status})`);
      }
    }
  }

  #assertUp(): void {
    if (this.#state !== "up") throw new FairleadError("bus_disconnected");
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
