import type { StreamSample } from "./connection-quality.ts";

/** The fields of W3C webrtc-stats that are read here; times in seconds, `timestamp` in ms. */
type Stat = {
  type: string;
  ssrc?: number;
  packetsReceived?: number;
  packetsSent?: number;
  packetsLost?: number;
  bytesReceived?: number;
  timestamp?: number;
  jitter?: number;
  currentRoundTripTime?: number;
  nominated?: boolean;
};

export type BytesSample = { bytes: number; atMs: number };

/** @returns What has arrived of all streams so far. */
export function receivedBytes(report: RTCStatsReport): BytesSample {
  const inbound = statsOf(report).filter(({ type }) => type === "inbound-rtp");
  return {
    bytes: inbound.reduce((sum, { bytesReceived = 0 }) => sum + bytesReceived, 0),
    atMs: inbound[0]?.timestamp ?? 0,
  };
}

/** @returns Bits/s; 0 where streams have ended meanwhile. */
export function bpsBetween(before: BytesSample, after: BytesSample): number {
  const ms = after.atMs - before.atMs;
  return ms > 0 ? Math.max(0, Math.round(((after.bytes - before.bytes) * 8_000) / ms)) : 0;
}

/** @returns The streams that arrive, by SSRC. */
export function inboundSamples(report: RTCStatsReport): Map<number, StreamSample> {
  const samples = new Map<number, StreamSample>();
  for (const stat of statsOf(report)) {
    if (stat.type !== "inbound-rtp" || stat.ssrc === undefined) continue;
    samples.set(stat.ssrc, {
      packets: stat.packetsReceived ?? 0,
      packetsLost: stat.packetsLost ?? 0,
      jitterMs: (stat.jitter ?? 0) * 1_000,
    });
  }
  return samples;
}

/** @returns All streams that are sent, added up, with the losses that the node reports. */
export function outboundSample(report: RTCStatsReport): StreamSample {
  const stats = statsOf(report);
  const remote = stats.filter(({ type }) => type === "remote-inbound-rtp");
  const sum = (values: (number | undefined)[]) =>
    values.reduce<number>((total, value) => total + (value ?? 0), 0);
  return {
    packets: sum(stats.filter(({ type }) => type === "outbound-rtp").map(({ packetsSent }) => packetsSent)),
    packetsLost: sum(remote.map(({ packetsLost }) => packetsLost)),
    jitterMs: Math.max(0, ...remote.map(({ jitter }) => (jitter ?? 0) * 1_000)),
  };
}

/** @returns Of the ICE pair in use; 0 when unknown. */
export function roundTripMs(report: RTCStatsReport): number {
  const pair = statsOf(report).find(({ type, nominated }) => type === "candidate-pair" && nominated);
  return (pair?.currentRoundTripTime ?? 0) * 1_000;
}

function statsOf(report: RTCStatsReport): Stat[] {
  const stats: Stat[] = [];
  report.forEach((stat: Stat) => void stats.push(stat));
  return stats;
}
