import { DATA_LABEL_LIMIT, DATA_MESSAGE_LIMIT_BYTES, FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import type { SendOptions } from "../api/options.ts";
import type { PeerTransports } from "../media/transports.ts";

/** Media goes first: what a peer publishes on joining should not wait for a channel. */
const PREPARE_AFTER_MS = 300;

/**
 * One data producer per label and reliability, made when it is first needed; but the default one soon after the join,
 * since what is sent before the others have their ends of a new channel is lost to them.
 */
export class DataSender {
  readonly #transports: PeerTransports;
  readonly #producers = new Map<string, Promise<types.DataProducer>>();
  readonly #open = new Map<string, types.DataProducer>();
  readonly #preparing: ReturnType<typeof setTimeout> | undefined;

  /** @param mayWrite The peer is granted `data`. */
  constructor(transports: PeerTransports, mayWrite: boolean) {
    this.#transports = transports;
    if (mayWrite) this.#preparing = setTimeout(() => this.#producer("data", true), PREPARE_AFTER_MS);
  }

  close(): void {
    clearTimeout(this.#preparing);
  }

  /** The node closed it: what is sent next opens a new one. */
  handleClosed(dataProducerId: string): void {
    const closeIfIt = (producer: types.DataProducer) => producer.id === dataProducerId && producer.close();
    for (const opening of this.#producers.values()) opening.then(closeIfIt, () => {});
  }

  /**
   * @throws {FairleadError} `data_too_large`, `data_channel_limit`, `data_buffer_full`, `invalid_request` for a label that is too long;
   * `grant_missing`; `room_moved` when the channel closed under it: send again.
   */
  async send(data: string | Uint8Array, { label = "data", reliable = true }: SendOptions): Promise<void> {
    checkSize(data, label);
    const producer = await this.#producer(label, reliable);
    await whenOpen(producer);
    try {
      producer.send(typeof data === "string" ? data : new Uint8Array(data));
    } catch (cause) {
      const isOpen = !producer.closed && producer.readyState === "open";
      throw isOpen ? new FairleadError("data_buffer_full", { cause }) : channelClosed();
    }
  }

  /** @returns Bytes that were taken and are still to be sent. */
  bufferedAmount({ label = "data", reliable = true }: SendOptions): number {
    return this.#open.get(keyOf(label, reliable))?.bufferedAmount ?? 0;
  }

  #producer(label: string, reliable: boolean): Promise<types.DataProducer> {
    const key = keyOf(label, reliable);
    const known = this.#producers.get(key);
    if (known) return known;
    const opening = this.#make(label, reliable);
    this.#producers.set(key, opening);
    const forget = () => {
      if (this.#producers.get(key) !== opening) return;
      this.#producers.delete(key);
      this.#open.delete(key);
    };
    opening.then((producer) => {
      this.#open.set(key, producer);
      producer.observer.once("close", forget);
      if (producer.closed) forget();
    }, forget);
    return opening;
  }

  async #make(label: string, reliable: boolean): Promise<types.DataProducer> {
    try {
      return await this.#transports.produceData(
        reliable ? { label, ordered: true } : { label, ordered: false, maxRetransmits: 0 },
      );
    } catch (cause) {
      if (!(cause instanceof FairleadError) || cause.code !== "producer_limit") throw cause;
      const message = `data: ${this.#open.size} channels are open, one for each label and reliability, and the node takes no more`;
      throw new FairleadError("data_channel_limit", { message, cause });
    }
  }
}

function keyOf(label: string, reliable: boolean): string {
  return `${reliable} ${label}`;
}

function checkSize(data: string | Uint8Array, label: string): void {
  if (label.length > DATA_LABEL_LIMIT)
    throw new FairleadError("invalid_request", { message: `label: at most ${DATA_LABEL_LIMIT} characters` });
  const bytes = typeof data === "string" ? new TextEncoder().encode(data).length : data.byteLength;
  if (bytes <= DATA_MESSAGE_LIMIT_BYTES) return;
  const message = `data: ${bytes} bytes, and a message takes at most ${DATA_MESSAGE_LIMIT_BYTES}`;
  throw new FairleadError("data_too_large", { message });
}

function channelClosed(): FairleadError {
  return new FairleadError("room_moved", { message: "the data channel closed" });
}

function whenOpen(producer: types.DataProducer): Promise<void> {
  if (producer.readyState === "open") return Promise.resolve();
  return new Promise((resolve, reject) => {
    const refuse = () => reject(channelClosed());
    if (producer.closed) refuse();
    producer.once("open", resolve);
    producer.observer.once("close", refuse);
  });
}
