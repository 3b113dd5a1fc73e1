import { FairleadError } from "@fairlead/protocol";
import {
  errors,
  type Msg,
  type MsgHdrs,
  headers as makeHeaders,
  type NatsConnection,
  type Subscription as NatsSubscription,
} from "@nats-io/nats-core";
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
import type { NatsBusOptions } from "./nats-bus-options.ts";
import { NatsLink } from "./nats-link.ts";
import { translateError } from "./translate-error.ts";

/**
 * Every side's inboxes begin with it, and no other subject does. NATS permits an answer to the subject that the request named.
 * If that could be any subject, a process that may ask could make another publish where only that other may.
 */
const INBOX = "_INBOX";

/** A bus whose process may be frozen for any time, in which its connection dies unseen. */
export interface RenewableBus extends Bus {
  /**
   * Resolves once the server has answered: on the connection that lives now, or on a new one in its place if that has not
   * answered within `answerMs`. At the latest after some seconds: then `isConnected` is false.
   */
  renewIfSilent(answerMs: number): Promise<void>;
}

type Subscriber = {
  subject: string;
  queue: string | undefined;
  handler: (message: IncomingMessage) => void;
  /** On the connection that lives now. */
  live: NatsSubscription | null;
};

/**
 * A `Bus` over whatever `dial` connects to.
 * @throws {Error} The credentials are refused. @see NatsBusOptions for what else.
 */
export async function openNatsBus(
  dial: () => Promise<NatsConnection>,
  options: NatsBusOptions,
): Promise<RenewableBus> {
  const bus = new NatsBus(dial, options);
  await bus.open();
  return bus;
}

class NatsBus implements RenewableBus {
  readonly #link: NatsLink;
  readonly #subscribers = new Set<Subscriber>();
  readonly #listeners = new Set<(status: BusStatus) => void>();
  readonly #onHandlerError: (error: unknown, subject: string) => void;

  constructor(dial: () => Promise<NatsConnection>, options: NatsBusOptions) {
    this.#onHandlerError = options.onHandlerError ?? throwLater;
    this.#link = new NatsLink({
      dial,
      onConnected: (connection) => {
        for (const subscriber of this.#subscribers) this.#listen(connection, subscriber);
      },
      onResumed: () => this.#announce("resumed"),
      onLost: () => this.#announce("lost"),
      onError: options.onConnectionError ?? (() => {}),
      random: options.random ?? Math.random,
      waitOnFirstConnect: options.waitOnFirstConnect ?? true,
    });
  }

  open(): Promise<void> {
    return this.#link.open();
  }

  get isConnected(): boolean {
    return !this.#link.isClosed && this.#link.connection !== null;
  }

  publish(subject: string, data: Uint8Array, headers: BusHeaders = {}): void {
    const connection = this.#connected();
    assertFits(subject, data, headers, maxBytesOf(connection));
    connection.publish(subject, copyOf(data), { headers: toNatsHeaders(headers) });
  }

  subscribe(
    subject: string,
    handler: (message: IncomingMessage) => void,
    { queue }: { queue?: string } = {},
  ): Subscription {
    if (this.#link.isClosed) throw new FairleadError("bus_disconnected");
    const subscriber: Subscriber = { subject, queue, handler, live: null };
    const { connection } = this.#link;
    if (connection) this.#listen(connection, subscriber);
    this.#subscribers.add(subscriber);
    return {
      unsubscribe: () => {
        this.#subscribers.delete(subscriber);
        subscriber.live?.unsubscribe();
        subscriber.live = null;
      },
    };
  }

  async flush(): Promise<void> {
    const connection = this.#connected();
    await Promise.race([connection.flush(), connection.closed()]).catch(() => {});
    if (connection.isClosed()) throw new FairleadError("bus_disconnected");
  }

  async request(subject: string, data: Uint8Array, options: RequestOptions): Promise<BusMessage> {
    const { timeoutMs, headers = {} } = options;
    const connection = this.#connected();
    assertFits(subject, data, headers, maxBytesOf(connection));
    const settings = { timeout: timeoutMs, headers: toNatsHeaders(headers) };
    try {
      return toBusMessage(await connection.request(subject, copyOf(data), settings));
    } catch (error) {
      throw translateError(error, subject, timeoutMs);
    }
  }

  async requestMany(subject: string, data: Uint8Array, options: RequestOptions): Promise<BusMessage[]> {
    const { timeoutMs, headers = {} } = options;
    const connection = this.#connected();
    assertFits(subject, data, headers, maxBytesOf(connection));
    const answers: BusMessage[] = [];
    try {
      const settings = { strategy: "timer", maxWait: timeoutMs, headers: toNatsHeaders(headers) } as const;
      for await (const message of await connection.requestMany(subject, copyOf(data), settings))
        answers.push(toBusMessage(message));
    } catch (error) {
      if (!(error instanceof errors.NoRespondersError)) throw translateError(error, subject, timeoutMs);
    }
    return answers;
  }

  renewIfSilent(answerMs: number): Promise<void> {
    return this.#link.renewIfSilent(answerMs);
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    // One function given twice is two listeners.
    const own = (status: BusStatus) => listener(status);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  async close(): Promise<void> {
    for (const { live } of this.#subscribers) live?.unsubscribe();
    this.#subscribers.clear();
    this.#listeners.clear();
    await this.#link.close();
  }

  #connected(): NatsConnection {
    const { connection, isClosed } = this.#link;
    if (!connection || isClosed) throw new FairleadError("bus_disconnected");
    return connection;
  }

  #listen(connection: NatsConnection, subscriber: Subscriber): void {
    const { subject, queue } = subscriber;
    subscriber.live = connection.subscribe(subject, {
      queue,
      // A refused permission also comes as a status of the connection.
      callback: (error, message) => {
        if (!error && this.#subscribers.has(subscriber)) this.#hand(subscriber, message, connection);
      },
    });
  }

  /** An exception for one message must not reach the NATS client's reader, which would stop reading. */
  #hand({ handler }: Subscriber, message: Msg, connection: NatsConnection): void {
    try {
      handler(toIncoming(message, maxBytesOf(connection)));
    } catch (error) {
      this.#onHandlerError(error, message.subject);
    }
  }

  #announce(status: BusStatus): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(status);
      } catch (error) {
        this.#onHandlerError(error, `(${status})`);
      }
    }
  }
}

/** NATS's client sends later, and the publisher may go on with its bytes. A Buffer's `slice` would not copy. */
function copyOf(data: Uint8Array): Uint8Array {
  return new Uint8Array(data);
}

function maxBytesOf(connection: NatsConnection): number {
  return connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
}

function toIncoming(message: Msg, maxBytes: number): IncomingMessage {
  const incoming = toBusMessage(message);
  if (!message.reply?.startsWith(INBOX)) return incoming;
  let hasResponded = false;
  const respond = (data: Uint8Array) => {
    if (hasResponded) return;
    assertFits(incoming.subject, data, {}, maxBytes);
    hasResponded = true;
    message.respond(copyOf(data));
  };
  return { ...incoming, respond };
}

function toBusMessage({ subject, data, headers }: Msg): BusMessage {
  const entries = [...(headers ?? [])].map(([key, values]) => [key, values[0] ?? ""]);
  // By TCP it is a Node Buffer, by WebSocket it is not.
  const plain = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { subject, data: plain, headers: Object.fromEntries(entries) };
}

function toNatsHeaders(headers: BusHeaders): MsgHdrs | undefined {
  const entries = Object.entries(headers);
  if (entries.length === 0) return undefined;
  const made = makeHeaders();
  for (const [key, value] of entries) made.set(key, value);
  return made;
}
