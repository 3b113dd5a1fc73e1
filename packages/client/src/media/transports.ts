import {
  type ConsumerInfo,
  type DataConsumerInfo,
  FairleadError,
  type JoinReply,
  type Source,
  type TransportOffer,
} from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import { askPatiently } from "../connection/ask-patiently.ts";
import type { SendCommand } from "../connection/session.ts";
import { IceRestarter } from "./ice-restarter.ts";

/** A producer's `appData`: facts for the node. */
export type ProducerData = { source: Source; paused: boolean };

type PeerTransportsOptions = {
  device: types.Device;
  iceTransportPolicy: RTCIceTransportPolicy;
  joined: JoinReply;
  command: SendCommand;
};

/** One direction. */
type Half = { transport: types.Transport; ice: IceRestarter };

/** The transports of one session: a viewer has one to receive alone. A new session has new ones. */
export class PeerTransports {
  readonly #send: Half | null;
  readonly #receive: Half;
  readonly #command: SendCommand;

  constructor({ device, iceTransportPolicy, joined, command }: PeerTransportsOptions) {
    this.#command = command;
    const { iceServers, sendTransport, receiveTransport } = joined;
    const ice = { iceServers, iceTransportPolicy };
    const halfOf = (transport: types.Transport): Half => {
      this.#answerConnect(transport);
      return { transport, ice: new IceRestarter({ transport, command, iceServers, now: Date.now }) };
    };
    this.#send = sendTransport
      ? halfOf(device.createSendTransport({ ...transportOptions(sendTransport), ...ice }))
      : null;
    this.#receive = halfOf(device.createRecvTransport({ ...transportOptions(receiveTransport), ...ice }));
    if (this.#send) this.#answerProduce(this.#send.transport);
  }

  get isClosed(): boolean {
    return this.#receive.transport.closed;
  }

  /** One of them carries nothing, though it should. */
  get isBroken(): boolean {
    return this.#halves.some(({ ice }) => ice.isBroken);
  }

  /** @throws {FairleadError} The node's refusal; `grant_missing` for a viewer. */
  async produce(options: types.ProducerOptions<ProducerData>): Promise<types.Producer<ProducerData>> {
    const { transport, ice } = this.#sender;
    const preparation = ice.prepare();
    if (preparation) await preparation;
    // Tracks outlive producers, and only `local` disables them: mediasoup-client would enable what the app has disabled.
    return transport.produce({ ...options, stopTracks: false, disableTrackOnPause: false });
  }

  /** Calls within one microtask are negotiated together. The consumer is paused on the node's side. */
  async consume(info: ConsumerInfo): Promise<types.Consumer> {
    const { transport, ice } = this.#receive;
    const preparation = ice.prepare();
    if (preparation) await preparation;
    return transport.consume({
      id: info.consumerId,
      producerId: info.producerId,
      kind: info.kind,
      rtpParameters: info.rtpParameters as unknown as types.RtpParameters,
      // One stream per source: the browser would keep a screen and a microphone in sync otherwise.
      streamId: `${info.peerId}-${info.source.startsWith("screen") ? "screen" : "person"}`,
    });
  }

  async produceData(options: types.DataProducerOptions): Promise<types.DataProducer> {
    const { transport, ice } = this.#sender;
    const preparation = ice.prepare();
    if (preparation) await preparation;
    return transport.produceData(options);
  }

  async consumeData(info: DataConsumerInfo): Promise<types.DataConsumer> {
    const { transport, ice } = this.#receive;
    const preparation = ice.prepare();
    if (preparation) await preparation;
    return transport.consumeData({
      ...info,
      id: info.dataConsumerId,
      sctpStreamParameters: info.sctpStreamParameters as types.SctpStreamParameters,
    });
  }

  /** A viewer's `send` is empty. */
  async getStats(): Promise<{ send: RTCStatsReport; receive: RTCStatsReport }> {
    const nothing: RTCStatsReport = new Map();
    const [send, receive] = await Promise.all([
      this.#send ? this.#send.transport.getStats() : nothing,
      this.#receive.transport.getStats(),
    ]);
    return { send, receive };
  }

  restartIce(): void {
    for (const { ice } of this.#halves) void ice.restart();
  }

  /** Another session goes on, and this one's commands are over: what flows goes on until `close`. */
  leave(): void {
    for (const { ice } of this.#halves) ice.close();
  }

  close(): void {
    this.leave();
    for (const { transport } of this.#halves) transport.close();
  }

  get #halves(): Half[] {
    return this.#send ? [this.#send, this.#receive] : [this.#receive];
  }

  get #sender(): Half {
    if (!this.#send) throw new FairleadError("grant_missing", { message: "a viewer sends nothing" });
    return this.#send;
  }

  /**
   * Goes on without the node's answer, which saves a round trip before the first frame: the node's half of DTLS waits for
   * the browser's anyway, and it runs commands in order.
   */
  #answerConnect(transport: types.Transport): void {
    transport.on("connect", ({ dtlsParameters }, proceed) => {
      this.#command("transport.connect", { transportId: transport.id, dtlsParameters }).catch(() => {
        // A refused transport never connects: an ICE restart or a new session follows.
      });
      proceed();
    });
  }

  #answerProduce(transport: types.Transport): void {
    transport.on("produce", ({ kind, rtpParameters, appData }, proceed, refuse) => {
      const { source, paused } = appData as ProducerData;
      const request = { kind, source, paused, rtpParameters: { ...rtpParameters } };
      askPatiently(() => this.#command("producer.create", request)).then(
        (made) => made && proceed({ id: made.producerId }),
        refuse,
      );
    });
    transport.on("producedata", ({ sctpStreamParameters, label = "", protocol = "" }, proceed, refuse) => {
      const request = { sctpStreamParameters, label, protocol };
      askPatiently(() => this.#command("data_producer.create", request)).then(
        (made) => made && proceed({ id: made.dataProducerId }),
        refuse,
      );
    });
  }
}

/** The protocol passes mediasoup's own parameters through; mediasoup-client checks them. */
function transportOptions(offer: TransportOffer): types.TransportOptions {
  return offer as unknown as types.TransportOptions;
}
