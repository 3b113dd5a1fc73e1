import { FairleadError } from "@fairlead/protocol";
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

  /** @throws {FairleadError} `grant_missing`; `room_moved` when the channel closed under it: send again. */
  async send(data: string | Uint8Array, { label = "data", reliable = true }: SendOptions): Promise<void> {
    const producer = await this.#producer(label, reliable);
    await whenOpen(producer);
    producer.send(typeof data === "string" ? data : new Uint8Array(data));
  }

  #producer(label: string, reliable: boolean): Promise<types.DataProducer> {
    const key = `${reliable} ${label}`;
    const known = this.#producers.get(key);
    if (known) return known;
    const opening = this.#open(label, reliable);
    this.#producers.set(key, opening);
    const forget = () => this.#producers.get(key) === opening && this.#producers.delete(key);
    opening.then((producer) => {
      producer.observer.once("close", forget);
      if (producer.closed) forget();
    }, forget);
    return opening;
  }

  #open(label: string, reliable: boolean): Promise<types.DataProducer> {
    return this.#transports.produceData(
      reliable ? { label, ordered: true } : { label, ordered: false, maxRetransmits: 0 },
    );
  }
}

function whenOpen(producer: types.DataProducer): Promise<void> {
  if (producer.readyState === "open") return Promise.resolve();
  return new Promise((resolve, reject) => {
    const refuse = () => reject(new FairleadError("room_moved", { message: "the data channel closed" }));
    if (producer.closed) refuse();
    producer.once("open", resolve);
    producer.observer.once("close", refuse);
  });
}
