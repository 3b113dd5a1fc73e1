import { within } from "@fairlead/protocol";
import { errors, type NatsConnection } from "@nats-io/nats-core";

export type NatsLinkOptions = {
  /** @returns A connection that ends when it is lost. */
  dial: () => Promise<NatsConnection>;
  /** A new connection: before anybody else uses it. */
  onConnected: (connection: NatsConnection) => void;
  /** After the first time: what was subscribed on the new connection is in force. */
  onResumed: () => void;
  onLost: () => void;
  onError: (error: unknown) => void;
  /** 0..1. */
  random: () => number;
  waitOnFirstConnect: boolean;
};

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 1_000;
/** For what was published to leave, and for the server to notice. */
const CLOSE_MS = 1_000;
/** For a new connection in place of a silent one: a first dial that fails and a second one. */
const RENEW_MS = 3_000;

/**
 * Keeps one connection to NATS for ever, by making a new one whenever it is lost. NATS's client can reconnect by itself, but
 * waits for a server that hangs to take what was written before (TCP) or to say goodbye (WebSocket), and tells no reasons.
 */
export class NatsLink {
  readonly #options: NatsLinkOptions;
  readonly #first = Promise.withResolvers<void>();
  #connection: NatsConnection | null = null;
  #isFirst = true;
  #isClosed = false;
  #endPause = () => {};
  #nextUp = Promise.withResolvers<void>();
  #lastReason: string | null = null;

  constructor(options: NatsLinkOptions) {
    this.#options = options;
  }

  /** The connection that lives now. */
  get connection(): NatsConnection | null {
    return this.#connection?.isClosed() === false ? this.#connection : null;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Resolves with the first connection.
   * @throws The credentials are refused, or no server can be reached and that is not waited for.
   */
  async open(): Promise<void> {
    void this.#run();
    await this.#first.promise;
  }

  /** @see RenewableBus.renewIfSilent */
  async renewIfSilent(answerMs: number): Promise<void> {
    const { connection } = this;
    if (connection && (await answersWithin(answerMs, connection))) return;
    const up = this.#nextUp.promise;
    this.#report(new Error("NATS does not answer after a pause"));
    void connection?.close();
    this.#endPause();
    await within(RENEW_MS, up).catch(() => {});
  }

  /** Messages published before still leave, if the server takes them soon. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#endPause();
    const connection = this.connection;
    if (!connection) return;
    await within(CLOSE_MS, Promise.race([connection.flush(), connection.closed()])).catch(() => {});
    await within(CLOSE_MS, connection.close()).catch(() => {});
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#isClosed; failures += 1) {
      try {
        const connection = await this.#options.dial();
        if (this.#isClosed) return await connection.close();
        if (await this.#serve(connection)) failures = 0;
      } catch (error) {
        const reason = explain(error);
        if (this.#isFirst && (!this.#options.waitOnFirstConnect || isRefusal(error))) {
          this.#isClosed = true;
          return this.#first.reject(reason);
        }
        this.#report(reason);
      }
      if (!this.#isClosed) await this.#pause(failures);
    }
  }

  /**
   * Resolves when the connection has ended.
   * @returns Whether it was of use.
   */
  async #serve(connection: NatsConnection): Promise<boolean> {
    this.#connection = connection;
    void this.#watch(connection);
    this.#options.onConnected(connection);
    await Promise.race([connection.flush().catch(() => {}), connection.closed()]);
    const wasUp = !connection.isClosed();
    if (wasUp) this.#announceUp();
    const reason = await connection.closed();
    this.#connection = null;
    if (reason) this.#report(reason);
    if (wasUp && !this.#isClosed) this.#options.onLost();
    return wasUp;
  }

  #announceUp(): void {
    this.#lastReason = null;
    if (this.#isFirst) this.#first.resolve();
    else this.#options.onResumed();
    this.#isFirst = false;
    this.#nextUp.resolve();
    this.#nextUp = Promise.withResolvers();
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === "error") this.#report(status.error);
      if (status.type !== "staleConnection") continue;
      this.#report(new Error("NATS does not answer pings"));
      void connection.close();
    }
  }

  #report(error: unknown): void {
    const reason = String(error);
    if (this.#isClosed || reason === this.#lastReason) return;
    this.#lastReason = reason;
    this.#options.onError(error);
  }

  #pause(failures: number): Promise<void> {
    const ms = Math.min(FIRST_PAUSE_MS * 2 ** failures, MAX_PAUSE_MS) * (0.5 + this.#options.random());
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function explain(error: unknown): Error {
  if (isRefusal(error)) return new Error("NATS refuses these credentials", { cause: error });
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`NATS can't be reached: ${reason}`, { cause: error });
}

/** Trying again would not help. */
function isRefusal(error: unknown): boolean {
  return error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError;
}

/** @returns Whether it is of use. */
async function answersWithin(ms: number, connection: NatsConnection): Promise<boolean> {
  const answered = connection.flush().then(() => true);
  const lost = connection.closed().then(() => false);
  const isOfUse = await within(ms, Promise.race([answered, lost])).catch(() => false);
  return isOfUse && !connection.isClosed();
}
