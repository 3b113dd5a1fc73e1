import type { ConnectionQuality } from "../api/tracks.ts";
import type { PeerTransports } from "../media/transports.ts";
import { gradeInterval, intervalOf, type StreamSample, worstOf } from "./connection-quality.ts";
import { inboundSamples, outboundSample, roundTripMs } from "./stats-report.ts";

const INTERVAL_MS = 2_500;

/** A stream that should be arriving. */
export type ExpectedStream = { peerId: string; ssrc: number };

type QualityMonitorOptions = {
  transports: PeerTransports;
  ownPeerId: string;
  /** Streams that flow: neither muted nor paused for being out of sight. */
  expected: () => ExpectedStream[];
  changed: (peerId: string, quality: ConnectionQuality) => void;
};

/** Grades this peer's connection and each other peer's streams, from the browser's statistics. */
export class QualityMonitor {
  readonly #options: QualityMonitorOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #grades = new Map<string, ConnectionQuality>();
  /** The last samples of the streams that were expected then. */
  #inbound = new Map<number, StreamSample>();
  #outbound: StreamSample | undefined;

  constructor(options: QualityMonitorOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#measure().catch(() => {}), INTERVAL_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #measure(): Promise<void> {
    const { transports, ownPeerId } = this.#options;
    if (transports.isClosed) return;
    const { send, receive } = await transports.getStats();
    this.#report(ownPeerId, this.#gradeOwn(send, receive));
    for (const [peerId, grades] of this.#gradePeers(receive)) this.#report(peerId, worstOf(grades));
  }

  #gradeOwn(send: RTCStatsReport, receive: RTCStatsReport): ConnectionQuality {
    const { transports } = this.#options;
    if (transports.isBroken) return "lost";
    const sample = outboundSample(send);
    const roundTrip = Math.max(roundTripMs(send), roundTripMs(receive));
    const interval = intervalOf(this.#outbound, sample, roundTrip);
    this.#outbound = sample;
    return gradeInterval(interval);
  }

  #gradePeers(receive: RTCStatsReport): Map<string, ConnectionQuality[]> {
    const samples = inboundSamples(receive);
    const grades = new Map<string, ConnectionQuality[]>();
    const judged = new Map<number, StreamSample>();
    for (const { peerId, ssrc } of this.#options.expected()) {
      const before = this.#inbound.get(ssrc);
      const after = samples.get(ssrc);
      if (after) judged.set(ssrc, after);
      // We judge a stream from its second sample on: one that just began, or was just unmuted, has sent nothing yet.
      if (!before || !after) continue;
      const interval = intervalOf(before, after, roundTripMs(receive));
      const grade = interval.packets === 0 ? "lost" : gradeInterval(interval);
      grades.set(peerId, [...(grades.get(peerId) ?? []), grade]);
    }
    this.#inbound = judged;
    return grades;
  }

  #report(peerId: string, quality: ConnectionQuality | undefined): void {
    if (!quality || (this.#grades.get(peerId) ?? "excellent") === quality) return;
    this.#grades.set(peerId, quality);
    this.#options.changed(peerId, quality);
  }
}
