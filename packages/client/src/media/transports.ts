import {
  type ConsumerInfo,
  type DataConsumerInfo,
  type JoinReply,
  type Source,
  sendTransportOf,
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

/** The two transports of one session. A new session has new ones. */
export class PeerTransports {
  readonly #send: types.Transport;
  readonly #receive: types.Transport;
  readonly #command: SendCommand;
  readonly #sendIce: IceRestarter;
  readonly #receiveIce: IceRestarter;

  constructor({ device, iceTransportPolicy, joined, command }: PeerTransportsOptions) {
    this.#command = command;
    const ice = { iceServers: joined.iceServers, iceTransportPolicy };
    this.#send = device.createSendTransport({ ...transportOptions(sendTransportOf(joined)), ...ice });
    this.#receive = device.createRecvTransport({ ...transportOptions(joined.receiveTransport), ...ice });
    for (const transport of [this.#send, this.#receive]) this.#answerConnect(transport);
    this.#answerProduce();
    const { iceServers } = joined;
    const restarterOf = (transport: types.Transport) =>
      new IceRestarter({ transport, command, iceServers, now: Date.now });
    this.#sendIce = restarterOf(this.#send);
    this.#receiveIce = restarterOf(this.#receive);
  }

  get isClosed(): boolean {
    return this.#send.closed;
  }

  /** One of them carries nothing, though it should. */
  get isBroken(): boolean {
    return this.#sendIce.isBroken || this.#receiveIce.isBroken;
  }

  /** @throws {FairleadError} The node's refusal. */
  async produce(options: types.ProducerOptions<ProducerData>): Promise<types.Producer<ProducerData>> {
    const preparation = this.#sendIce.prepare();
    if (preparation) await preparation;
    // Tracks outlive producers, and only `local` disables them: mediasoup-client would enable what the app has disabled.
    return this.#send.produce({ ...options, stopTracks: false, disableTrackOnPause: false });
  }

  /** Calls within one microtask are negotiated together. The consumer is paused on the node's side. */
  async consume(info: ConsumerInfo): Promise<types.Consumer> {
    const preparation = this.#receiveIce.prepare();
    if (preparation) await preparation;
    return this.#receive.consume({
      id: info.consumerId,
      producerId: info.producerId,
      kind: info.kind,
      rtpParameters: info.rtpParameters as unknown as types.RtpParameters,
      // One stream per source: the browser would keep a screen and a microphone in sync otherwise.
      streamId: `${info.peerId}-${info.source.startsWith("screen") ? "screen" : "person"}`,
    });
  }

  async produceData(options: types.DataProducerOptions): Promise<types.DataProducer> {
    const preparation = this.#sendIce.prepare();
    if (preparation) await preparation;
    return this.#send.produceData(options);
  }

  async consumeData(info: DataConsumerInfo): Promise<types.DataConsumer> {
    const preparation = this.#receiveIce.prepare();
    if (preparation) await preparation;
    return this.#receive.consumeData({
      ...info,
      id: info.dataConsumerId,
      sctpStreamParameters: info.sctpStreamParameters as types.SctpStreamParameters,
    });
  }

  async getStats(): Promise<{ send: RTCStatsReport; receive: RTCStatsReport }> {
    const [send, receive] = await Promise.all([this.#send.getStats(), this.#receive.getStats()]);
    return { send, receive };
  }

  restartIce(): void {
    for (const restarter of [this.#sendIce, this.#receiveIce]) void restarter.restart();
  }

  close(): void {
    for (const restarter of [this.#sendIce, this.#receiveIce]) restarter.close();
    this.#send.close();
    this.#receive.close();
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

  #answerProduce(): void {
    this.#send.on("produce", ({ kind, rtpParameters, appData }, proceed, refuse) => {
      const { source, paused } = appData as ProducerData;
      const request = { kind, source, paused, rtpParameters: { ...rtpParameters } };
      askPatiently(() => this.#command("producer.create", request)).then(
        (made) => made && proceed({ id: made.producerId }),
        refuse,
      );
    });
    this.#send.on("producedata", ({ sctpStreamParameters, label = "", protocol = "" }, proceed, refuse) => {
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
