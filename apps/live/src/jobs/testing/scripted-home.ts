import { type Bus, callSubject, serveSubject } from "@fairlead/bus";
import {
  DEFAULT_CODEC_POLICY,
  FairleadError,
  type HlsReport,
  mediaCodecs,
  type PipedTrack,
  subjects,
} from "@fairlead/protocol";
import type { types } from "mediasoup";

const INCARNATION = "node-a-run-1";

/** A broadcast's home: its router, and what packagers tell it. */
export class ScriptedHome {
  readonly #bus: Bus;
  readonly router: types.Router;
  readonly proofs: { jobId: string; report: HlsReport }[] = [];
  readonly left: string[] = [];
  /** Told that their job is over. */
  readonly gone = new Set<string>();
  readonly #subscription: { unsubscribe(): void };
  readonly #pipes = new Map<string, types.PipeTransport>();

  private constructor(bus: Bus, router: types.Router) {
    this.#bus = bus;
    this.router = router;
    const onBug = (error: unknown) => {
      throw error;
    };
    const handlers = {
      "hls.prove": ({ jobId, report }: { jobId: string; report?: HlsReport | undefined }) => {
        if (this.gone.has(jobId)) throw new FairleadError("session_gone");
        if (report) this.proofs.push({ jobId, report });
        return {};
      },
      "hls.leave": ({ jobId }: { jobId: string }) => {
        this.left.push(jobId);
        return {};
      },
    };
    this.#subscription = serveSubject(bus, subjects.nodeCall(INCARNATION), handlers, { onBug });
  }

  static async open(bus: Bus, worker: types.Worker): Promise<ScriptedHome> {
    const codecs = mediaCodecs(DEFAULT_CODEC_POLICY);
    return new ScriptedHome(
      bus,
      await worker.createRouter({ mediaCodecs: codecs as types.RtpCodecCapability[] }),
    );
  }

  /** Asks for a packager. @throws {FairleadError} What it refuses with. */
  async ask(
    jobId: string,
    producers: readonly types.Producer[],
    { run = 1, isAcrossHosts = false } = {},
  ): Promise<void> {
    const pipe = await this.router.createPipeTransport({
      listenInfo: { protocol: "udp", ip: "127.0.0.1" },
      ...{ enableSrtp: isAcrossHosts, enableRtx: isAcrossHosts },
    });
    this.#pipes.set(jobId, pipe);
    const tracks: PipedTrack[] = [];
    for (const { id: producerId } of producers) {
      const { kind, rtpParameters } = await pipe.consume({ producerId });
      const source = kind === "video" ? "camera" : "microphone";
      tracks.push({ source, kind, rtpParameters: { ...rtpParameters } });
    }
    const { tuple, srtpParameters } = pipe;
    const address = {
      ip: tuple.localAddress,
      port: tuple.localPort,
      ...(srtpParameters ? { srtpParameters } : {}),
    };
    const answer = await callSubject(this.#bus, subjects.liveJobs, "hls.package", {
      ...{ roomId: "show", jobId, epoch: 1, incarnation: INCARNATION },
      ...{ order: { run, firstSequence: 0 }, pipe: address, tracks },
    });
    await pipe.connect(answer.pipe as Parameters<types.PipeTransport["connect"]>[0]);
  }

  /** It answers nobody. */
  fallSilent(): void {
    this.#subscription.unsubscribe();
  }

  close(): void {
    this.#subscription.unsubscribe();
    this.router.close();
  }
}
