import type { types } from "mediasoup";

/** What is sent into a pipe, or comes out of it. */
type PipeStream = types.Consumer | types.DataConsumer | types.Producer | types.DataProducer;
type User = types.Consumer | types.DataConsumer;

export type PipedOptions = {
  /** The consumer on the origin's end of the pipe. */
  sent: types.Consumer | types.DataConsumer;
  /** The producer on the other end. */
  there: types.Producer | types.DataProducer;
  /** Whether data gets from one end of the pipe to the other. */
  isConnected: () => boolean;
  now: () => number;
  /** A failed pause or resume. */
  onError: (error: unknown) => void;
};

/** A producer of one seat as another seat has it. Its media is paused while nobody there consumes. */
export class Piped {
  readonly #options: PipedOptions;
  readonly #users = new Set<User>();
  #unusedSinceMs: number;
  #isSwitching = false;

  constructor(options: PipedOptions) {
    this.#options = options;
    this.#unusedSinceMs = options.now();
    const { sent, there } = options;
    const close = () => this.close();
    onClose(sent, close);
    onClose(there, close);
  }

  /** Of the producer that is consumed there. */
  get id(): string {
    return this.#options.there.id;
  }

  get closed(): boolean {
    return this.#options.sent.closed || this.#options.there.closed;
  }

  /** Of what stands on the pipe's two ends. */
  get ids(): string[] {
    return [this.#options.sent.id, this.#options.there.id];
  }

  /** Data that is sent from now on arrives. */
  get isConnected(): boolean {
    return this.#options.isConnected();
  }

  /** How long nobody has had a consumer there, ms. */
  get unusedMs(): number {
    return this.#users.size > 0 ? 0 : this.#options.now() - this.#unusedSinceMs;
  }

  /** Somebody is about to consume there. */
  touch(): void {
    this.#unusedSinceMs = this.#options.now();
  }

  /** The consumer hangs on it until it closes. */
  serve(user: User): void {
    if (user.closed) return;
    this.#users.add(user);
    onClose(user, () => {
      this.#users.delete(user);
      this.touch();
      void this.#switch();
    });
    if (isMedia(user)) {
      user.observer.on("pause", () => void this.#switch());
      user.observer.on("resume", () => void this.#switch());
    }
    void this.#switch();
  }

  /** Calls `act` whenever the pipe loses a message that it has no room for, until the consumer closes. */
  onLoss(user: types.DataConsumer, act: () => void): void {
    const { sent } = this.#options;
    if (isMedia(sent)) return;
    sent.on("sctpsendbufferfull", act);
    onClose(user, () => sent.off("sctpsendbufferfull", act));
  }

  /** Idempotent. */
  close(): void {
    this.#options.sent.close();
    this.#options.there.close();
  }

  /** Data is not paused: what is sent before a first resume would be lost. */
  async #switch(): Promise<void> {
    const { sent, onError } = this.#options;
    if (!isMedia(sent) || this.#isSwitching) return;
    this.#isSwitching = true;
    try {
      while (!this.closed && sent.paused === this.#isConsumed) {
        if (sent.paused) await sent.resume();
        else await sent.pause();
      }
    } catch (error) {
      if (!this.closed) onError(error);
    } finally {
      this.#isSwitching = false;
    }
  }

  get #isConsumed(): boolean {
    return [...this.#users].some((user) => !user.paused);
  }
}

export function onClose({ observer }: PipeStream, act: () => void): void {
  const closing: { once(event: "close", act: () => void): unknown } = observer;
  closing.once("close", act);
}

function isMedia(stream: types.Consumer | types.DataConsumer): stream is types.Consumer {
  return "rtpParameters" in stream;
}
