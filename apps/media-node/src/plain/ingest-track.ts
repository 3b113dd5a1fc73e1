import { randomBytes, randomInt } from "node:crypto";
import {
  type CreateIngest,
  carriedProfile,
  FairleadError,
  type IngestWithKeys,
  KIND_OF_SOURCE,
  type RtpCodec,
} from "@fairlead/protocol";
import type { types } from "mediasoup";
import { whileAlive } from "../room/call-mediasoup.ts";
import { produceOn } from "../room/produce-on.ts";
import type { Publisher } from "../room/publisher.ts";
import { CRYPTO_SUITE, openTransport } from "./open-transport.ts";

export type IngestTrackOptions = {
  publisher: Publisher;
  wish: CreateIngest["tracks"][number];
  encrypted: boolean;
  senderAddress: string | undefined;
  listenInfo: types.TransportListenInfo;
  onError: (error: unknown) => void;
};

type Answer = IngestWithKeys["tracks"][number];

/** AES-128's master key and salt, RFC 3711 § 8.2. */
const KEY_BYTES = 30;
/** Packets of others may come first so often, before the ingest is given up. */
const MAX_REOPENED = 50;

const KEY_FRAME_FEEDBACK = [
  { type: "nack", parameter: "pli" },
  { type: "ccm", parameter: "fir" },
];
const CODECS: Record<RtpCodec, Omit<types.RtpCodecParameters, "payloadType">> = {
  opus: {
    ...{ mimeType: "audio/opus", clockRate: 48_000, channels: 2 },
    parameters: { useinbandfec: 1, "sprop-stereo": 1 },
  },
  vp8: { mimeType: "video/VP8", clockRate: 90_000, rtcpFeedback: KEY_FRAME_FEEDBACK },
  h264: {
    ...{ mimeType: "video/H264", clockRate: 90_000, rtcpFeedback: KEY_FRAME_FEEDBACK },
    parameters: {
      ...{ "packetization-mode": 1, "level-asymmetry-allowed": 1 },
      "profile-level-id": carriedProfile(undefined),
    },
  },
};
const PAYLOAD_TYPES = { video: 96, audio: 97 };

/** One track of an encoder, with a transport of its own. */
export class IngestTrack {
  readonly #options: IngestTrackOptions;
  readonly #ssrc = randomInt(1, 0x1_0000_0000);
  readonly #mediaKey = randomBytes(KEY_BYTES).toString("base64");
  readonly #codec: types.RtpCodecParameters;
  #transport: types.PlainTransport;
  #reopened = 0;

  private constructor(options: IngestTrackOptions, transport: types.PlainTransport) {
    const { source, codec } = options.wish;
    this.#options = options;
    this.#transport = transport;
    this.#codec = { ...CODECS[codec], payloadType: PAYLOAD_TYPES[KIND_OF_SOURCE[source]] };
  }

  /** It closes with its publisher. @throws {FairleadError} `media_rejected`, `no_capacity`, `lease_lost`. */
  static async open(options: IngestTrackOptions): Promise<IngestTrack> {
    const { listenInfo } = options;
    const transport = await openFor(options, { rtp: listenInfo, rtcp: listenInfo });
    const track = new IngestTrack(options, transport);
    await track.#begin(transport);
    return track;
  }

  get answer(): Answer {
    const { wish, encrypted } = this.#options;
    const { tuple, rtcpTuple, srtpParameters } = this.#transport;
    return {
      ...{ source: wish.source, codec: wish.codec, address: tuple.localAddress, port: tuple.localPort },
      ...{ rtcpPort: rtcpTuple?.localPort ?? 0, payloadType: this.#codec.payloadType, ssrc: this.#ssrc },
      ...(encrypted && srtpParameters
        ? {
            srtp: {
              cryptoSuite: CRYPTO_SUITE,
              mediaKey: this.#mediaKey,
              feedbackKey: srtpParameters.keyBase64,
            },
          }
        : {}),
    };
  }

  async #begin(transport: types.PlainTransport): Promise<void> {
    const { publisher, wish } = this.#options;
    const { seat } = publisher;
    void publisher.ended.then(() => transport.close());
    if (this.#isOpen) transport.on("tuple", () => void this.#judgeSender(transport));
    await whileAlive(seat, () => transport.connect(this.#remote()));
    const rtpParameters = {
      codecs: [this.#codec],
      encodings: [{ ssrc: this.#ssrc }],
      rtcp: { cname: publisher.peerId },
    };
    await publisher.publish(wish.source, (basis) =>
      whileAlive(seat, () =>
        produceOn(transport, { ...basis, kind: KIND_OF_SOURCE[wish.source], rtpParameters }),
      ),
    );
  }

  /** Its sender is whoever has the key. */
  get #isOpen(): boolean {
    return this.#options.senderAddress === undefined;
  }

  #remote(): Parameters<types.PlainTransport["connect"]>[0] {
    const { encrypted, senderAddress: ip, wish } = this.#options;
    const { senderPort: port = 0 } = wish;
    return {
      ...(ip === undefined ? {} : { ip, port, rtcpPort: port + 1 }),
      ...(encrypted ? { srtpParameters: { cryptoSuite: CRYPTO_SUITE, keyBase64: this.#mediaKey } } : {}),
    };
  }

  /**
   * mediasoup takes whatever comes first for the sender's, also what is neither RTP nor RTCP, and then hears nobody else. So a transport
   * without media of ours by then is made anew at the same ports. Its own RTCP has another key from then on: that sender hears no
   * requests for key frames.
   */
  async #judgeSender(transport: types.PlainTransport): Promise<void> {
    const { publisher, onError } = this.#options;
    try {
      const [stats] = await transport.getStats();
      if (transport.closed || !stats || stats.rtpBytesReceived > 0) return;
      this.#reopened += 1;
      if (this.#reopened > MAX_REOPENED)
        throw new FairleadError("media_rejected", { message: "packets of others come before the sender's" });
      await this.#reopen(transport);
    } catch (error) {
      if (publisher.isClosed || publisher.seat.closed) return;
      onError(error);
      publisher.close();
    }
  }

  async #reopen(before: types.PlainTransport): Promise<void> {
    const { listenInfo } = this.#options;
    const { portRange: _, ...info } = listenInfo;
    const at = (port: number | undefined) => ({ ...info, ...(port === undefined ? {} : { port }) });
    const ports = { rtp: at(before.tuple.localPort), rtcp: at(before.rtcpTuple?.localPort) };
    before.close();
    this.#transport = await openFor(this.#options, ports);
    await this.#begin(this.#transport);
  }
}

type Listening = { rtp: types.TransportListenInfo; rtcp: types.TransportListenInfo };

async function openFor(
  { publisher, encrypted, senderAddress }: IngestTrackOptions,
  { rtp, rtcp }: Listening,
): Promise<types.PlainTransport> {
  const transport = await openTransport(publisher.seat, {
    ...{ listenInfo: rtp, rtcpListenInfo: rtcp, encrypted, owner: publisher.owner },
    comedia: senderAddress === undefined,
  });
  if (!publisher.isClosed) return transport;
  transport.close();
  throw new FairleadError("lease_lost", { message: "the ingest ended meanwhile" });
}
