import type { MediaKind } from "@fairlead/protocol";
import type { ConnectionQuality } from "../api/tracks.ts";
import type { PeerTransports } from "../media/transports.ts";
import {
  gradeInterval,
  type Interval,
  intervalOf,
  type StreamSample,
  worstOf,
} from "./connection-quality.ts";
import {
  type BytesSample,
  bpsBetween,
  inboundSamples,
  outboundSample,
  receivedBytes,
  roundTripMs,
} from "./stats-report.ts";

const INTERVAL_MS = 2_500;

type ExpectedStream = { kind: MediaKind; ssrc: number | undefined };

/** Another peer, and the streams of it that should be arriving; no `ssrc`: it is not there yet. */
export type ExpectedPeer = { peerId: string; streams: ExpectedStream[] };

type QualityMonitorOptions = {
  transports: PeerTransports;
  ownPeerId: string;
  /** All others, with the streams that flow: neither muted nor paused for being out of sight. */
  expected: () => ExpectedPeer[];
  /** Called with every grade, also one that is no news. */
  graded: (peerId: string, quality: ConnectionQuality) => void;
};

/** Grades this peer's connection and each other peer's streams, from the browser's statistics. */
export class QualityMonitor {
  readonly #options: QualityMonitorOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  /** The last samples of the streams that were expected then. */
  #inbound = new Map<number, StreamSample>();
  #outbound: StreamSample | undefined;
  #bytes: BytesSample | undefined;
  #receivedBps = 0;

  constructor(options: QualityMonitorOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#measure().catch(() => {}), INTERVAL_MS);
  }

  /** In the last interval, bits/s; 0: not known yet. */
  get receivedBps(): number {
    return this.#receivedBps;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #measure(): Promise<void> {
    const { transports, ownPeerId } = this.#options;
    if (transports.isClosed) return;
    const { send, receive } = await transports.getStats();
    this.#noteReceived(receive);
    this.#options.graded(ownPeerId, this.#gradeOwn(send, receive));
    for (const [peerId, grade] of this.#gradePeers(receive)) this.#options.graded(peerId, grade);
  }

  #noteReceived(receive: RTCStatsReport): void {
    const before = this.#bytes;
    this.#bytes = receivedBytes(receive);
    if (before) this.#receivedBps = bpsBetween(before, this.#bytes);
  }

  #gradeOwn(send: RTCStatsReport, receive: RTCStatsReport): ConnectionQuality {
    const { transports } = this.#options;
    if (transports.isBroken) return "lost";
    const sample = outboundSample(send);
    const roundTrip = Math.max(roundTripMs(send), roundTripMs(receive));
    const interval = intervalOf(this.#outbound, sample, roundTrip);
    this.#outbound = sample;
    const hasCarried = sample.packets > 0 || roundTrip > 0;
    return hasCarried ? gradeInterval(interval) : "unknown";
  }

  #gradePeers(receive: RTCStatsReport): [peerId: string, grade: ConnectionQuality][] {
    const samples = inboundSamples(receive);
    const before = this.#inbound;
    this.#inbound = new Map();
    const judge = ({ kind, ssrc }: ExpectedStream) => {
      const sample = ssrc === undefined ? undefined : samples.get(ssrc);
      if (ssrc === undefined || !sample) return nothingCame(kind, []);
      this.#inbound.set(ssrc, sample);
      // We judge a stream from its second sample on: one that just began, or was just unmuted, has sent nothing yet.
      const earlier = before.get(ssrc);
      return earlier ? gradeStream(kind, intervalOf(earlier, sample, roundTripMs(receive))) : [];
    };
    return this.#options.expected().flatMap(({ peerId, streams }) => {
      // Where nothing has to arrive, nothing can be said, whatever was before.
      const grade = streams.length === 0 ? "unknown" : worstOf(streams.flatMap(judge));
      return grade ? [[peerId, grade] as [string, ConnectionQuality]] : [];
    });
  }
}

/** Speech sends 50 packets a second. Of the few of silence (DTX) a single lost one would look like a bad network. */
const ENOUGH_PACKETS = 50;

/** A microphone may send next to nothing in silence, so only missing video proves that a stream is lost. */
function gradeStream(kind: MediaKind, interval: Interval): ConnectionQuality[] {
  if (kind === "audio" && interval.packets > 0 && interval.packets < ENOUGH_PACKETS) return [];
  if (interval.packets > 0) return [gradeInterval(interval)];
  return nothingCame(kind, ["lost"]);
}

function nothingCame(kind: MediaKind, ofVideo: ConnectionQuality[]): ConnectionQuality[] {
  return kind === "video" ? ofVideo : ["unknown"];
}
