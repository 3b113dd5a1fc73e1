/** Counters of all streams of one direction at one moment. */
export type Counters = {
  atMs: number;
  bytes: number;
  /** That were to arrive. */
  packets: number;
  packetsLost: number;
  /** Of the picture that has most of them. */
  framesPerSecond: number;
  /** As the browser names it (W3C webrtc-stats `qualityLimitationReason`); `none` of what is received. */
  limitedBy: string;
};

/** `lossRatio`: 0..1. */
export type Health = { bitrateBps: number; framesPerSecond: number; lossRatio: number; limitedBy: string };

type Stat = {
  type: string;
  bytesSent?: number;
  bytesReceived?: number;
  packetsSent?: number;
  packetsReceived?: number;
  packetsLost?: number;
  framesPerSecond?: number;
  qualityLimitationReason?: string;
};

/** @param direction `sent`: losses are those that the server reports. */
export function countersOf(report: RTCStatsReport, direction: "sent" | "received", atMs: number): Counters {
  const stats: Stat[] = [];
  report.forEach((stat: Stat) => void stats.push(stat));
  const streams = stats.filter(
    ({ type }) => type === (direction === "sent" ? "outbound-rtp" : "inbound-rtp"),
  );
  const losses = direction === "sent" ? stats.filter(({ type }) => type === "remote-inbound-rtp") : streams;
  const packetsLost = sum(losses.map((one) => one.packetsLost));
  const packets = sum(streams.map(({ packetsSent, packetsReceived }) => packetsSent ?? packetsReceived));
  const reasons = streams.map(({ qualityLimitationReason }) => qualityLimitationReason ?? "none");
  return {
    atMs,
    bytes: sum(streams.map(({ bytesSent, bytesReceived }) => bytesSent ?? bytesReceived)),
    packets: direction === "sent" ? packets : packets + packetsLost,
    packetsLost,
    framesPerSecond: Math.max(0, ...streams.map(({ framesPerSecond = 0 }) => framesPerSecond)),
    limitedBy: reasons.find((reason) => reason !== "none") ?? "none",
  };
}

/** @returns The health between two moments; undefined if streams began anew in between. */
export function healthBetween(before: Counters, after: Counters): Health | undefined {
  const seconds = (after.atMs - before.atMs) / 1_000;
  const packets = after.packets - before.packets;
  if (seconds <= 0 || after.bytes < before.bytes || packets < 0) return undefined;
  const lost = Math.max(0, after.packetsLost - before.packetsLost);
  return {
    bitrateBps: ((after.bytes - before.bytes) * 8) / seconds,
    framesPerSecond: after.framesPerSecond,
    lossRatio: packets === 0 ? 0 : Math.min(1, lost / packets),
    limitedBy: after.limitedBy,
  };
}

const LIMITS: Record<string, string> = {
  none: "Nothing",
  bandwidth: "The network: the picture is made smaller",
  cpu: "This computer: it can't encode more",
};

export function limitText(limitedBy: string): string {
  return LIMITS[limitedBy] ?? "Something else";
}

/** @returns e.g. `2.4 Mbit/s`. */
export function bitrateText(bitrateBps: number): string {
  if (bitrateBps >= 1_000_000) return `${(bitrateBps / 1_000_000).toFixed(1)} Mbit/s`;
  return `${Math.round(bitrateBps / 1_000)} kbit/s`;
}

function sum(values: (number | undefined)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
