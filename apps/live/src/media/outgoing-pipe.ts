import type { PipeAddress, PipedTrack, ResourceOwner } from "@fairlead/protocol";
import type { types } from "mediasoup";

/** Where pipes leave from. */
export type PipeReach = {
  /** An address of this host that nodes reach; undefined: nodes are on this host, and pipes stay on loopback. */
  ip?: string | undefined;
  /** Default: free ones. */
  ports?: { min: number; max: number } | undefined;
};

const LOOPBACK = "127.0.0.1";
const SOURCES = { video: "camera", audio: "microphone" } as const;

/** This process's end of the pipe to a broadcast's home. Between two hosts: SRTP, and lost packets are sent again. */
export class OutgoingPipe {
  readonly #transport: types.PipeTransport;
  readonly tracks: readonly PipedTrack[];

  private constructor(transport: types.PipeTransport, consumers: readonly types.Consumer[]) {
    this.#transport = transport;
    this.tracks = consumers.map(({ kind, rtpParameters }) => ({
      source: SOURCES[kind],
      kind,
      rtpParameters: { ...rtpParameters },
    }));
  }

  /** @throws What mediasoup rejects with. */
  static async open(
    router: types.Router,
    { ip, ports }: PipeReach,
    producers: readonly types.Producer[],
    owner: ResourceOwner,
  ): Promise<OutgoingPipe> {
    const transport = await router.createPipeTransport({
      listenInfo: { protocol: "udp", ip: ip ?? LOOPBACK, ...(ports ? { portRange: ports } : {}) },
      enableSrtp: ip !== undefined,
      enableRtx: ip !== undefined,
      appData: { owner },
    });
    try {
      const consumers: types.Consumer[] = [];
      for (const { id } of producers)
        consumers.push(await transport.consume({ producerId: id, appData: { owner } }));
      return new OutgoingPipe(transport, consumers);
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  get id(): string {
    return this.#transport.id;
  }

  get address(): PipeAddress {
    const { tuple, srtpParameters } = this.#transport;
    return { ip: tuple.localAddress, port: tuple.localPort, ...(srtpParameters ? { srtpParameters } : {}) };
  }

  /** @param home The other end. */
  async connect(home: PipeAddress): Promise<void> {
    await this.#transport.connect(home as Parameters<types.PipeTransport["connect"]>[0]);
  }

  /** Idempotent. */
  close(): void {
    this.#transport.close();
  }
}
