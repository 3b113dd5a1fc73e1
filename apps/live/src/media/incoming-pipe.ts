import { isIP } from "node:net";
import { FairleadError, type PipeAddress, type PipedTrack, type ResourceOwner } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { MediaWorker } from "./media-worker.ts";
import type { PipeReach } from "./outgoing-pipe.ts";

const LOOPBACK = "127.0.0.1";

/** A track whose packets come into this process. */
export class IncomingTrack {
  readonly kind: types.MediaKind;
  readonly mimeType: string;
  /** Hz. */
  readonly clockRate: number;
  readonly #consumer: types.Consumer;

  constructor(consumer: types.Consumer, { mimeType, clockRate }: types.RtpCodecParameters) {
    this.kind = consumer.kind;
    this.mimeType = mimeType;
    this.clockRate = clockRate;
    this.#consumer = consumer;
  }

  /** @param onPacket Gets whole RTP packets, from now on. */
  async listen(onPacket: (packet: Buffer) => void): Promise<void> {
    this.#consumer.on("rtp", onPacket);
    await this.#consumer.resume();
  }

  askForKeyFrame(): void {
    // It has closed meanwhile.
    if (!this.#consumer.closed) void this.#consumer.requestKeyFrame().catch(() => {});
  }
}

/** This process's end of the pipe from a broadcast's home, and what it brings: of simulcast the highest layer. Between two hosts: SRTP, and lost packets are sent again. */
export class IncomingPipe {
  readonly #router: types.Router;
  readonly #transport: types.PipeTransport;
  readonly tracks: readonly IncomingTrack[];
  /** Resolves when its worker has died. Never after `close`. */
  readonly died: Promise<void>;

  private constructor(
    router: types.Router,
    transport: types.PipeTransport,
    tracks: readonly IncomingTrack[],
  ) {
    this.#router = router;
    this.#transport = transport;
    this.tracks = tracks;
    this.died = new Promise((resolve) => router.once("workerclose", () => resolve()));
  }

  /**
   * @param home The other end, and what it sends. `owner`: whose it all is in the ledger.
   * @throws {FairleadError} `invalid_request`: no pipe comes here from there; `media_rejected`; `no_capacity`: the worker does not start.
   */
  static async open(
    worker: Pick<MediaWorker, "get">,
    { ip, ports }: PipeReach,
    home: { pipe: PipeAddress; tracks: readonly PipedTrack[]; owner: ResourceOwner },
  ): Promise<IncomingPipe> {
    const { pipe, tracks, owner } = home;
    const appData = { owner };
    if (isIP(pipe.ip) === 0 || (ip === undefined && !isLoopback(pipe.ip)))
      throw new FairleadError("invalid_request", { message: `no pipe comes here from ${pipe.ip}` });
    const running = await worker.get();
    const router = await rejecting(running.createRouter({ mediaCodecs: tracks.map(capabilityOf), appData }));
    try {
      const isAcross = pipe.srtpParameters !== undefined;
      const transport = await router.createPipeTransport({
        listenInfo: { protocol: "udp", ip: ip ?? LOOPBACK, ...(ports ? { portRange: ports } : {}) },
        enableSrtp: isAcross,
        enableRtx: isAcross,
        appData,
      });
      await rejecting(transport.connect(pipe as Parameters<types.PipeTransport["connect"]>[0]));
      const direct = await router.createDirectTransport({ appData });
      const incoming: IncomingTrack[] = [];
      for (const track of tracks) incoming.push(await take(track, { router, transport, direct, appData }));
      return new IncomingPipe(router, transport, incoming);
    } catch (error) {
      router.close();
      throw error;
    }
  }

  get address(): PipeAddress {
    const { tuple, srtpParameters } = this.#transport;
    return { ip: tuple.localAddress, port: tuple.localPort, ...(srtpParameters ? { srtpParameters } : {}) };
  }

  /** Idempotent. */
  close(): void {
    this.#router.close();
  }
}

async function take(
  { kind, rtpParameters }: PipedTrack,
  to: {
    router: types.Router;
    transport: types.PipeTransport;
    direct: types.DirectTransport;
    appData: types.AppData;
  },
): Promise<IncomingTrack> {
  const options = { kind, rtpParameters, appData: to.appData } as types.ProducerOptions;
  const producer = await rejecting(to.transport.produce(options));
  // Nothing is lost on the way here, and nobody reads header extensions.
  const codecs = to.router.rtpCapabilities.codecs?.filter(({ mimeType }) => !/\/rtx$/i.test(mimeType)) ?? [];
  const consumer = await to.direct.consume({
    producerId: producer.id,
    rtpCapabilities: { codecs, headerExtensions: [] },
    paused: true,
    appData: to.appData,
  });
  const [codec] = consumer.rtpParameters.codecs;
  if (!codec) throw new FairleadError("media_rejected", { message: "a track without a codec" });
  return new IncomingTrack(consumer, codec);
}

/** @throws {FairleadError} `media_rejected`. */
function capabilityOf({ kind, rtpParameters }: PipedTrack): types.RouterRtpCodecCapability {
  const [codec] = (rtpParameters as types.RtpParameters).codecs;
  if (!codec) throw new FairleadError("media_rejected", { message: "a track without a codec" });
  // The router chooses its own payload types.
  const { payloadType: _payloadType, ...rest } = codec;
  return { ...rest, kind };
}

/** @throws {FairleadError} `media_rejected`, with mediasoup's words. */
function rejecting<T>(done: Promise<T>): Promise<T> {
  return done.catch((cause: unknown) => {
    const message = cause instanceof Error ? cause.message.slice(0, 500) : "refused by mediasoup";
    throw new FairleadError("media_rejected", { message, cause });
  });
}

function isLoopback(ip: string): boolean {
  return ip === "::1" || ip.startsWith("127.");
}
