/** Text headers that travel with a message, e.g. `traceparent` (W3C Trace Context). */
export type BusHeaders = Record<string, string>;

export type BusMessage = { subject: string; data: Uint8Array; headers: BusHeaders };

/**
 * A request carries `respond`, a plain message does not. The first response counts; one that comes while the bus is away is
 * lost, as any message. It throws `message_too_large`, after which a smaller one may follow.
 */
export type IncomingMessage = BusMessage & { respond?: (data: Uint8Array) => void };

export interface Subscription {
  /** Idempotent. No handler is called after it. */
  unsubscribe(): void;
}

export type RequestOptions = { timeoutMs: number; headers?: BusHeaders };

/** `resumed`: messages may have been lost since `lost`; who needs them must ask. */
export type BusStatus = "lost" | "resumed";

/**
 * Messages between processes: NATS, or memory within one process. At most once: a message to a subscriber that is
 * away is lost. Between one publisher and one subscriber messages keep their order.
 *
 * Subjects are tokens joined by dots. A subscription may use `*` for one token and a last `>` for one or more.
 */
export interface Bus {
  readonly isConnected: boolean;

  /** @throws {FairleadError} `bus_disconnected`: nothing waits here until the bus is back. `message_too_large`. */
  publish(subject: string, data: Uint8Array, headers?: BusHeaders): void;

  /**
   * While the bus is away: in force when it is back.
   * A process that answers a later request of this one reaches the subscription with what it publishes; before others publish, `flush`.
   * @param handler Called for each message, in order. An exception from it is a bug and goes to `onHandlerError`.
   * @param options.queue Subscribers of one queue group share the messages: each goes to one of them.
   * @throws {FairleadError} `bus_disconnected` after `close`.
   */
  subscribe(
    subject: string,
    handler: (message: IncomingMessage) => void,
    options?: { queue?: string },
  ): Subscription;

  /**
   * Resolves once the subscriptions made so far are in force: what is published after it reaches them.
   * @throws {FairleadError} `bus_disconnected`.
   */
  flush(): Promise<void>;

  /**
   * @throws {FairleadError} `node_unreachable` when nobody listens (a hint, not a proof, that it is gone), `node_timeout`
   * after `timeoutMs`, `bus_disconnected` as soon as the bus is away, `message_too_large`.
   */
  request(subject: string, data: Uint8Array, options: RequestOptions): Promise<BusMessage>;

  /**
   * Asks everybody who listens.
   * @returns Each one's first answer, in the order in which they came within `timeoutMs`, after that time; none, at once, when
   * nobody listens.
   * @throws {FairleadError} `bus_disconnected` as soon as the bus is away, `message_too_large`.
   */
  requestMany(subject: string, data: Uint8Array, options: RequestOptions): Promise<BusMessage[]>;

  /** @returns A function that ends the notices. */
  onStatus(listener: (status: BusStatus) => void): () => void;

  /** Stops receiving; pending requests reject with `bus_disconnected`. Idempotent. */
  close(): Promise<void>;
}
