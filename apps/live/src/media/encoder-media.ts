import { randomInt } from "node:crypto";
import { carriedProfile, type ResourceOwner } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { RtpTarget, StartedTracks } from "../ingest/open-ingest.ts";
import type { MediaWorker } from "./media-worker.ts";
import { OutgoingPipe, type PipeReach } from "./outgoing-pipe.ts";

const LOOPBACK = "127.0.0.1";
const VIDEO_PAYLOAD_TYPE = 96;
const AUDIO_PAYLOAD_TYPE = 97;

/** Of a router and of what ffmpeg sends to it. */
const OPUS = {
  ...{ mimeType: "audio/opus", clockRate: 48_000, channels: 2 },
  parameters: { useinbandfec: 1, "sprop-stereo": 1 },
};

/** The home takes it by the same name. */
function h264(profileLevelId: string) {
  const parameters = {
    ...{ "packetization-mode": 1, "level-asymmetry-allowed": 1 },
    "profile-level-id": carriedProfile(profileLevelId),
  };
  return { mimeType: "video/H264", clockRate: 90_000, parameters };
}

type Track = { producer: types.Producer; transportId: string; target: RtpTarget };

/** What one encoder's ffmpeg sends: a router of its own, and a pair of ports on loopback for each track. */
export class EncoderMedia {
  readonly #router: types.Router;
  readonly #owner: ResourceOwner;
  readonly #tracks: Track[] = [];
  /** Resolves when its worker has died. Never after `close`. */
  readonly died: Promise<void>;

  private constructor(router: types.Router, owner: ResourceOwner) {
    this.#router = router;
    this.#owner = owner;
    this.died = new Promise((resolve) => router.once("workerclose", () => resolve()));
  }

  /**
   * @param owner Whose it all is in the ledger.
   * @throws {FairleadError} `no_capacity`: the worker does not start.
   */
  static async open(
    worker: Pick<MediaWorker, "get">,
    { video, audio }: StartedTracks,
    owner: ResourceOwner,
  ): Promise<EncoderMedia> {
    const running = await worker.get();
    const codecs: types.RouterRtpCodecCapability[] = [
      ...(video
        ? [
            {
              kind: "video" as const,
              ...h264(video.profileLevelId),
              preferredPayloadType: VIDEO_PAYLOAD_TYPE,
            },
          ]
        : []),
      ...(audio ? [{ kind: "audio" as const, ...OPUS, preferredPayloadType: AUDIO_PAYLOAD_TYPE }] : []),
    ];
    const router = await running.createRouter({ mediaCodecs: codecs, appData: { owner } });
    const media = new EncoderMedia(router, owner);
    try {
      if (video)
        await media.#take("video", { ...h264(video.profileLevelId), payloadType: VIDEO_PAYLOAD_TYPE });
      if (audio) await media.#take("audio", { ...OPUS, payloadType: AUDIO_PAYLOAD_TYPE });
      return media;
    } catch (error) {
      media.close();
      throw error;
    }
  }

  /** Whether a router or transport of this id is its own; pipes are their links'. */
  has(id: string): boolean {
    return this.#router.id === id || this.#tracks.some(({ transportId }) => transportId === id);
  }

  /** Where ffmpeg sends the track; null: it has none. */
  targetOf(kind: types.MediaKind): RtpTarget | null {
    return this.#tracks.find(({ producer }) => producer.kind === kind)?.target ?? null;
  }

  /** @throws What mediasoup rejects with: no port is free, or the worker died. */
  openPipe(reach: PipeReach): Promise<OutgoingPipe> {
    return OutgoingPipe.open(
      this.#router,
      reach,
      this.#tracks.map(({ producer }) => producer),
      this.#owner,
    );
  }

  /** Closes its pipes too. Idempotent. */
  close(): void {
    this.#router.close();
  }

  async #take(kind: types.MediaKind, codec: types.RtpCodecParameters): Promise<void> {
    const transport = await this.#router.createPlainTransport({
      listenInfo: { protocol: "udp", ip: LOOPBACK },
      // ffmpeg sends RTCP from another port, and is the only one on this machine that is told of these.
      rtcpMux: false,
      comedia: true,
      appData: { owner: this.#owner },
    });
    const ssrc = randomInt(1, 0x1_0000_0000);
    const producer = await transport.produce({
      kind,
      rtpParameters: { codecs: [codec], encodings: [{ ssrc }] },
      appData: { owner: this.#owner },
    });
    const { tuple, rtcpTuple } = transport;
    if (!rtcpTuple) throw new Error("a plain transport without rtcpMux has no RTCP port");
    const target = { ip: LOOPBACK, rtpPort: tuple.localPort, rtcpPort: rtcpTuple.localPort };
    const { id: transportId } = transport;
    this.#tracks.push({ producer, transportId, target: { ...target, payloadType: codec.payloadType, ssrc } });
  }
}
