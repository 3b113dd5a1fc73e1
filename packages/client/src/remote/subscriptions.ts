import { type ConsumerInfo, type DataConsumerInfo, inBatches, type ProducerInfo } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import type { RoomEvents } from "../api/events.ts";
import { subscribePatiently } from "../connection/ask-patiently.ts";
import type { SendCommand } from "../connection/session.ts";
import type { PeerTransports } from "../media/transports.ts";
import type { TypedEmitter } from "../typed-emitter.ts";
import { ConsumerFlow } from "./consumer-flow.ts";
import type { RemotePeers } from "./remote-peers.ts";

type SubscriptionsOptions = {
  transports: PeerTransports;
  command: SendCommand;
  peers: RemotePeers;
  emitter: TypedEmitter<RoomEvents>;
  /** The node wants to hear which data consumers are open. */
  confirms: boolean;
};

/** Data consumers that open within this time are told together. */
const OPENED_WITHIN_MS = 20;
const OPENED_AGAIN_MS = 2_000;

/** The consumers of one session: the browser's half of each that the node announces. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #flow: ConsumerFlow;
  /** Announced and not closed; null while the browser's half is being made. */
  readonly #consumers = new Map<string, types.Consumer | null>();
  /** By producer: choices of the app that the node is told next. */
  readonly #choices = new Map<string, boolean>();
  readonly #dataConsumers = new Map<string, types.DataConsumer | null>();
  #hasLeft = false;
  /** Open data consumers that the node has not been told of. */
  readonly #opened: string[] = [];

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
    this.#flow = new ConsumerFlow(options.command);
  }

  /** Says the app's choice about its source, if it made one: this session or its node does not know it yet. */
  addProducer(info: ProducerInfo): void {
    const wish = this.#options.peers.subscriptionWish(info);
    if (wish === undefined) return;
    if (this.#choices.size === 0) queueMicrotask(() => this.#tellChoices());
    this.#choices.set(info.producerId, wish);
  }

  async addConsumer(info: ConsumerInfo): Promise<void> {
    const { transports, peers } = this.#options;
    // The node subscribed us by itself, and hears in a moment that the app does not want it.
    if (peers.subscriptionWish(info) === false) return;
    this.#consumers.set(info.consumerId, null);
    const consumer = await transports.consume(info);
    // After a move the next session's consumer is the track's.
    if (this.#hasLeft || !this.#consumers.has(info.consumerId)) return consumer.close();
    this.#consumers.set(info.consumerId, consumer);
    const track = peers.bindConsumer(info, consumer);
    if (track) this.#flow.add(info.consumerId, track.isWanted);
  }

  removeConsumer(info: ConsumerInfo): void {
    this.#consumers.get(info.consumerId)?.close();
    this.#consumers.delete(info.consumerId);
    this.#flow.remove(info.consumerId);
    this.#options.peers.removeConsumer(info);
  }

  receives(track: MediaStreamTrack): boolean {
    return [...this.#consumers.values()].some((consumer) => consumer?.track === track);
  }

  setWanted(consumerId: string, isWanted: boolean): void {
    this.#flow.setWanted(consumerId, isWanted);
  }

  async addDataConsumer(info: DataConsumerInfo): Promise<void> {
    this.#dataConsumers.set(info.dataConsumerId, null);
    const dataConsumer = await this.#options.transports.consumeData(info);
    if (!this.#dataConsumers.has(info.dataConsumerId)) return dataConsumer.close();
    this.#dataConsumers.set(info.dataConsumerId, dataConsumer);
    dataConsumer.binaryType = "arraybuffer";
    dataConsumer.on("message", (message) => this.#handleMessage(info, message));
    if (dataConsumer.readyState === "open") this.#handleOpen(info);
    else dataConsumer.once("open", () => this.#handleOpen(info));
  }

  removeDataConsumer({ dataConsumerId }: DataConsumerInfo): void {
    this.#dataConsumers.get(dataConsumerId)?.close();
    this.#dataConsumers.delete(dataConsumerId);
  }

  /** What is sent before the node knows may be lost to this peer. */
  #handleOpen({ dataConsumerId }: DataConsumerInfo): void {
    if (!this.#options.confirms) return;
    if (this.#opened.length === 0)
      setTimeout(() => {
        for (const ids of inBatches(this.#opened.splice(0))) this.#tellOpened(ids);
      }, OPENED_WITHIN_MS);
    this.#opened.push(dataConsumerId);
  }

  #tellOpened(dataConsumerIds: string[]): void {
    const open = dataConsumerIds.filter((id) => this.#dataConsumers.has(id));
    if (open.length === 0) return;
    this.#options.command("data_consumers.opened", { dataConsumerIds: open }).catch(() => {
      // Signaling is older and does not know the command, or the node is busy. The end of the session closes the consumers.
      setTimeout(() => this.#tellOpened(open), OPENED_AGAIN_MS);
    });
  }

  #tellChoices(): void {
    const { command, peers } = this.#options;
    const choices = [...this.#choices];
    this.#choices.clear();
    const chosen = (wish: boolean) =>
      inBatches(choices.flatMap(([producerId, choice]) => (choice === wish ? [producerId] : [])));
    const isWanted = (producerId: string) => peers.isSubscriptionWanted(producerId);
    const told = [
      ...chosen(true).map((batch) => subscribePatiently(command, batch, isWanted)),
      ...chosen(false).map((producerIds) => command("producers.unsubscribe", { producerIds })),
    ];
    // The session ended: the next one is told.
    for (const telling of told) telling.catch(() => {});
  }

  /** The session is over. What it has of data is heard until `close`. */
  leave(): void {
    this.#hasLeft = true;
    this.#flow.clear();
  }

  /** The transports close with the session's media. */
  close(): void {
    this.leave();
    this.#consumers.clear();
    this.#dataConsumers.clear();
  }

  #handleMessage({ peerId, label }: DataConsumerInfo, message: string | ArrayBuffer): void {
    const peer = this.#options.peers.peers.get(peerId);
    const data = typeof message === "string" ? message : new Uint8Array(message);
    if (peer) this.#options.emitter.emit("data.received", { peer, data, label });
  }
}
