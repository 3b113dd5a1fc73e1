import { DATA_LABEL_LIMIT, DATA_MESSAGE_LIMIT_BYTES, FairleadError, within } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import type { SendOptions } from "../api/options.ts";
import type { PeerTransports } from "../media/transports.ts";
import {
  channelClosed,
  type Payload,
  ReliableChannel,
  type ReliableChannelOptions,
  sendBy,
  undelivered,
} from "./reliable-channel.ts";

/** Media goes first: what a peer publishes on joining should not wait for a channel. */
const PREPARE_AFTER_MS = 300;
/** The longest that a first message waits for its channel. */
const OPEN_PATIENCE_MS = 15_000;

type DataSenderOptions = Omit<ReliableChannelOptions, "producer"> & {
  transports: PeerTransports;
  /** The peer is granted `data`. */
  mayWrite: boolean;
  /** The node tells how far messages come. */
  confirms: boolean;
  /** Of the room's former place, which goes on for a while. */
  former?: DataSender | undefined;
  /** Every peer of before the move is here. */
  areAllBack?: () => boolean;
};

type Channel = { producer: types.DataProducer; reliable: ReliableChannel | null };

/** One data producer per label and reliability, made when it is first needed. */
export class DataSender {
  readonly #options: Omit<DataSenderOptions, "former">;
  readonly #channels = new Map<string, Promise<Channel>>();
  readonly #open = new Map<string, Channel>();
  /** null once nobody needs it, or a chain of all places would stay. */
  #former: DataSender | null;
  readonly #preparing: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DataSenderOptions) {
    const { former = null, ...rest } = options;
    this.#options = rest;
    this.#former = former;
    // With an older node, messages that are sent before the others have their ends of a new channel are lost to them.
    if (options.mayWrite && !options.confirms)
      this.#preparing = setTimeout(() => this.#channel("data", true), PREPARE_AFTER_MS);
  }

  /** The room has moved. What is open is still sent by, for the next place. */
  close(): void {
    clearTimeout(this.#preparing);
    this.#former = null;
  }

  /** The node closed it: what is sent next opens a new one. */
  handleClosed(dataProducerId: string): void {
    const closeIfIt = ({ producer }: Channel) => producer.id === dataProducerId && producer.close();
    for (const opening of this.#channels.values()) opening.then(closeIfIt, () => {});
  }

  /**
   * @throws {FairleadError} `data_too_large`, `data_channel_limit`, `data_buffer_full`, `invalid_request` for a label that is too long;
   * `grant_missing`; `data_undelivered`; `room_moved` when the channel closed under it.
   */
  async send(data: string | Uint8Array, { label = "data", reliable = true }: SendOptions): Promise<void> {
    const bytes = checkedSize(data, label);
    const targets = new Set(this.#options.peers.keys());
    const payload = typeof data === "string" ? data : new Uint8Array(data);
    if (!reliable && this.#isSentByFormer(label, payload)) return;
    const { producer, reliable: channel } = await this.#channel(label, reliable);
    await within(OPEN_PATIENCE_MS, whenOpen(producer)).catch((error) => {
      throw error instanceof FairleadError ? error : undelivered([...targets]);
    });
    if (channel) await channel.send({ payload, bytes, targets });
    else sendBy(producer, payload);
  }

  /** @returns Bytes that were taken and are still to be sent. */
  bufferedAmount({ label = "data", reliable = true }: SendOptions): number {
    const channel = this.#open.get(keyOf(label, reliable));
    return channel ? channel.producer.bufferedAmount + (channel.reliable?.heldBytes ?? 0) : 0;
  }

  /**
   * While some are still on their way, all hear the former place: nobody would wait for them here. Reliable messages are not sent there, as
   * its node would not tell how far they come.
   */
  #isSentByFormer(label: string, payload: Payload): boolean {
    if (this.#options.areAllBack?.()) this.#former = null;
    if (!this.#former) return false;
    if (!this.#former.#isSentAtOnce(label, payload)) return false;
    // It will be needed in a moment.
    this.#channel(label, false).catch(() => {});
    return true;
  }

  #isSentAtOnce(label: string, payload: Payload): boolean {
    const producer = this.#open.get(keyOf(label, false))?.producer;
    if (!producer || producer.closed || producer.readyState !== "open") return false;
    sendBy(producer, payload);
    return true;
  }

  #channel(label: string, reliable: boolean): Promise<Channel> {
    const key = keyOf(label, reliable);
    const known = this.#channels.get(key);
    if (known) return known;
    const opening = this.#make(label, reliable);
    this.#channels.set(key, opening);
    const forget = () => {
      if (this.#channels.get(key) !== opening) return;
      this.#channels.delete(key);
      this.#open.delete(key);
    };
    opening.then((channel) => {
      const { producer } = channel;
      this.#open.set(key, channel);
      producer.observer.once("close", forget);
      if (producer.closed) forget();
    }, forget);
    return opening;
  }

  async #make(label: string, reliable: boolean): Promise<Channel> {
    const { transports, confirms } = this.#options;
    try {
      const producer = await transports.produceData(
        reliable ? { label, ordered: true } : { label, ordered: false, maxRetransmits: 0 },
      );
      return {
        producer,
        reliable: reliable && confirms ? new ReliableChannel({ ...this.#options, producer }) : null,
      };
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

/** @returns Bytes. */
function checkedSize(data: string | Uint8Array, label: string): number {
  if (label.length > DATA_LABEL_LIMIT)
    throw new FairleadError("invalid_request", { message: `label: at most ${DATA_LABEL_LIMIT} characters` });
  const bytes = typeof data === "string" ? new TextEncoder().encode(data).length : data.byteLength;
  if (bytes <= DATA_MESSAGE_LIMIT_BYTES) return bytes;
  const message = `data: ${bytes} bytes, and a message takes at most ${DATA_MESSAGE_LIMIT_BYTES}`;
  throw new FairleadError("data_too_large", { message });
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
