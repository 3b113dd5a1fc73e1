import { DATA_MESSAGE_LIMIT_BYTES, type ResourceOwner } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { Seat } from "./seat.ts";

/** How the ends of pipes reach each other. */
export type PipeReach = {
  ip: string;
  /** Default: free ones. */
  ports?: { min: number; max: number };
  /** Between two hosts: SRTP, and lost packets are sent again. */
  isAcrossHosts?: boolean;
};

/** Inside a node. */
export const LOOPBACK: PipeReach = { ip: "127.0.0.1" };

export type PipeAddress = { ip: string; port: number; srtpParameters?: types.SrtpParameters };

export type SentTrack = Pick<types.Consumer, "kind" | "rtpParameters">;
export type SentChannel = Pick<types.DataConsumer, "label" | "protocol" | "sctpStreamParameters">;

/**
 * One end of a pipe between two seats of a room. Its address and what it sends are plain data, so the other end may stand in another
 * process. mediasoup's own `pipeToRouter` links the pauses of both sides, and needs both routers in one process.
 */
export class PipeEnd {
  readonly seat: Seat;
  readonly transport: types.PipeTransport;
  readonly #appData: types.AppData;

  private constructor(seat: Seat, transport: types.PipeTransport, owner: ResourceOwner) {
    this.seat = seat;
    this.transport = transport;
    this.#appData = { owner };
  }

  /**
   * @param how.owner Whose it is in the ledger, and what it sends.
   * @throws What mediasoup rejects with: no port is free, or the worker died.
   */
  static async open(
    seat: Seat,
    { ip, ports, isAcrossHosts = false }: PipeReach,
    { hasData = true, owner = seat.owner }: { hasData?: boolean; owner?: ResourceOwner } = {},
  ): Promise<PipeEnd> {
    const transport = await seat.router.createPipeTransport({
      listenInfo: { protocol: "udp", ip, ...(ports ? { portRange: ports } : {}) },
      enableSctp: hasData,
      enableSrtp: isAcrossHosts,
      enableRtx: isAcrossHosts,
      // As long as a peer's own: a message that came in goes out.
      maxSendMessageSize: DATA_MESSAGE_LIMIT_BYTES,
      maxReceiveMessageSize: DATA_MESSAGE_LIMIT_BYTES,
      appData: { owner },
    });
    return new PipeEnd(seat, transport, owner);
  }

  get address(): PipeAddress {
    const { tuple, srtpParameters } = this.transport;
    return { ip: tuple.localAddress, port: tuple.localPort, ...(srtpParameters ? { srtpParameters } : {}) };
  }

  get closed(): boolean {
    return this.transport.closed;
  }

  connect(other: PipeAddress): Promise<void> {
    return this.transport.connect(other);
  }

  send({ id: producerId }: types.Producer): Promise<types.Consumer> {
    return this.transport.consume({ producerId, appData: this.#appData });
  }

  sendData({ id: dataProducerId }: types.DataProducer): Promise<types.DataConsumer> {
    return this.transport.consumeData({ dataProducerId, appData: this.#appData });
  }

  /** It passes requests for key frames on at once: the publisher's own seat paces them. */
  receive({ kind, rtpParameters }: SentTrack): Promise<types.Producer> {
    return this.transport.produce({ kind, rtpParameters, appData: this.#appData });
  }

  receiveData({ label, protocol, sctpStreamParameters }: SentChannel): Promise<types.DataProducer> {
    return this.transport.produceData({ label, protocol, sctpStreamParameters, appData: this.#appData });
  }

  /** Closes what is on it too. Idempotent. */
  close(): void {
    this.transport.close();
  }
}
