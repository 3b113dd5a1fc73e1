import { randomBytes } from "node:crypto";
import { type EgressWithSdp, FairleadError, type Source } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { whileAlive } from "../room/call-mediasoup.ts";
import { sourceOf } from "../room/room-events.ts";
import type { Seat } from "../room/seat.ts";
import { CRYPTO_SUITE, openTransport } from "./open-transport.ts";
import { writeSdp } from "./write-sdp.ts";

export type EgressTrackOptions = {
  /** Of the producer. */
  seat: Seat;
  egressId: string;
  producer: types.Producer;
  encrypted: boolean;
  listenInfo: types.TransportListenInfo;
  receiver: { address: string; port: number };
};

type Answer = EgressWithSdp["tracks"][number];

const KEY_BYTES = 30;
const FEEDBACK = ["nack pli", "ccm fir"];

/** A producer that goes out to one receiver. */
export class EgressTrack {
  readonly consumer: types.Consumer;
  readonly answer: Answer;
  readonly #transport: types.PlainTransport;

  readonly #producer: types.Producer;

  private constructor(
    { transport, producer }: { transport: types.PlainTransport; producer: types.Producer },
    consumer: types.Consumer,
    answer: Answer,
  ) {
    this.#transport = transport;
    this.#producer = producer;
    this.consumer = consumer;
    this.answer = answer;
    // Its producer is gone.
    consumer.observer.once("close", () => transport.close());
  }

  /** Paused. @throws {FairleadError} `no_capacity`, `lease_lost`, `producer_not_found`: it closed meanwhile. */
  static async open(options: EgressTrackOptions): Promise<EgressTrack> {
    const { seat, egressId, producer, encrypted, listenInfo, receiver } = options;
    const owner = { ...seat.owner, egressId };
    const transport = await openTransport(seat, { listenInfo, rtcpListenInfo: listenInfo, encrypted, owner });
    try {
      const feedbackKey = randomBytes(KEY_BYTES).toString("base64");
      const srtpParameters = { cryptoSuite: CRYPTO_SUITE, keyBase64: feedbackKey } as const;
      const { address: ip, port } = receiver;
      await whileAlive(transport, () =>
        transport.connect({ ip, port, rtcpPort: port + 1, ...(encrypted ? { srtpParameters } : {}) }),
      );
      const consumer = await consume(transport, producer, { seat, owner });
      return new EgressTrack(
        { transport, producer },
        consumer,
        answerOf({ ...options, transport, consumer, feedbackKey }),
      );
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  /** A consumer hears a moment later than others that its producer has closed. */
  get isClosed(): boolean {
    return this.consumer.closed || this.#producer.closed;
  }

  close(): void {
    this.#transport.close();
  }
}

/** What a plain receiver understands: no retransmission, no extensions of RTP's header. */
async function consume(
  transport: types.PlainTransport,
  producer: types.Producer,
  { seat, owner }: { seat: Seat; owner: object },
): Promise<types.Consumer> {
  const { codecs = [] } = seat.router.rtpCapabilities;
  const rtpCapabilities = {
    codecs: codecs
      .filter(({ mimeType }) => !mimeType.endsWith("/rtx"))
      .map((codec) => ({
        ...codec,
        rtcpFeedback: (codec.rtcpFeedback ?? []).filter(({ type, parameter }) =>
          FEEDBACK.includes(`${type} ${parameter}`),
        ),
      })),
    headerExtensions: [],
  };
  const { id: producerId } = producer;
  try {
    return await transport.consume({ producerId, rtpCapabilities, paused: true, appData: { owner } });
  } catch (cause) {
    if (seat.closed) throw new FairleadError("lease_lost", { cause });
    if (producer.closed) throw new FairleadError("producer_not_found", { cause });
    throw cause;
  }
}

type Parts = EgressTrackOptions & {
  transport: types.PlainTransport;
  consumer: types.Consumer;
  feedbackKey: string;
};

function answerOf({ transport, consumer, feedbackKey, producer, receiver }: Parts): Answer {
  const { kind, rtpParameters } = consumer;
  const [codec] = rtpParameters.codecs;
  const ssrc = rtpParameters.encodings?.[0]?.ssrc;
  if (!codec || ssrc === undefined) throw new Error("a consumer without codec or SSRC");
  const { port, address: receiverAddress } = receiver;
  const rtcpPort = port + 1;
  const mediaKey = transport.srtpParameters?.keyBase64;
  const srtp = mediaKey === undefined ? null : { cryptoSuite: CRYPTO_SUITE, mediaKey, feedbackKey };
  const { localAddress: senderAddress } = transport.tuple;
  const source: Source = sourceOf(producer);
  return {
    ...{ source, kind, producerId: producer.id, port, rtcpPort, payloadType: codec.payloadType, ssrc },
    sdp: writeSdp({ kind, codec, senderAddress, receiverAddress, port, rtcpPort, crypto: srtp }),
    ...(srtp ? { srtp } : {}),
  };
}
