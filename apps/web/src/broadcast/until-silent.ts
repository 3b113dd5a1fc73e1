import { pause } from "./pause.ts";
import { connectionLost } from "./sdp-exchange.ts";

const LOOK_EVERY_MS = 200;

type Watch = {
  /** Counts what arrives: packets or bytes. */
  arrived: (report: RTCStatsReport) => number;
  /** Called with the first of it. */
  onFirst?: () => void;
  /** So long nothing may come. */
  silentMs: number;
  /** So long the first of it may take. */
  startMs: number;
  signal: AbortSignal;
};

/**
 * Resolves when a connection brings nothing any more, is closed by the other side, or `signal` aborts: long before the browser gives a
 * path up of which nobody says goodbye.
 * @returns Whether anything came at all.
 */
export async function untilSilent(connection: RTCPeerConnection, watch: Watch): Promise<boolean> {
  let isLost = false;
  void connectionLost(connection).then(() => {
    isLost = true;
  });
  let before = 0;
  let heardAtMs = performance.now();
  while (!watch.signal.aborted) {
    await pause(LOOK_EVERY_MS, watch.signal);
    const now = watch.arrived(await connection.getStats());
    const patienceMs = before > 0 ? watch.silentMs : watch.startMs;
    if (now > before) {
      if (before === 0) watch.onFirst?.();
      heardAtMs = performance.now();
      before = now;
    } else if (isLost || performance.now() - heardAtMs > patienceMs) break;
  }
  return before > 0;
}

/** @returns The sum of a member over all statistics of a type. */
export function sumOf(
  report: RTCStatsReport,
  type: string,
  member: "packetsReceived" | "bytesReceived",
): number {
  let sum = 0;
  report.forEach((stat: { type: string; packetsReceived?: number; bytesReceived?: number }) => {
    if (stat.type === type) sum += stat[member] ?? 0;
  });
  return sum;
}
