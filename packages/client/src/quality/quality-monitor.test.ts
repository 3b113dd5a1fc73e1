import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PeerTransports } from "../media/transports.ts";
import { type ExpectedPeer, QualityMonitor } from "./quality-monitor.ts";

const INTERVAL_MS = 2_500;
const SSRC = 1;

let monitor: QualityMonitor;
let packets: number;
let packetsLost: number;
let isBroken: boolean;
/** Of the pair in use; 0: there is none. */
let roundTripS: number;
let expected: ExpectedPeer[];
const graded = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  [packets, packetsLost, isBroken] = [0, 0, false];
  roundTripS = 0.01;
  graded.mockReset();
  const stats = async () => ({
    send: new Map() as unknown as RTCStatsReport,
    receive: new Map<string, object>([
      ["v", { type: "inbound-rtp", ssrc: SSRC, packetsReceived: packets, packetsLost }],
      ["p", { type: "candidate-pair", nominated: roundTripS > 0, currentRoundTripTime: roundTripS }],
    ]) as unknown as RTCStatsReport,
  });
  const transports = {
    isClosed: false,
    get isBroken() {
      return isBroken;
    },
    getStats: stats,
  } as PeerTransports;
  monitor = new QualityMonitor({ transports, ownPeerId: "me", expected: () => expected, graded });
});
afterEach(() => {
  monitor.close();
  vi.useRealTimers();
});

/** @returns The grades of the next interval, in which so many packets of Ann's arrive. */
async function grades(arriving: number): Promise<unknown> {
  packets += arriving;
  graded.mockReset();
  await vi.advanceTimersByTimeAsync(INTERVAL_MS);
  return Object.fromEntries(graded.mock.calls);
}

it("a peer whose picture stops is lost, and one of whom nothing has to arrive any more is not", async () => {
  expected = [{ peerId: "ann", streams: [{ kind: "video", ssrc: SSRC }] }];
  expect(await grades(10)).toEqual({ me: "excellent" });
  expect(await grades(10)).toEqual({ me: "excellent", ann: "excellent" });
  expect(await grades(0)).toEqual({ me: "excellent", ann: "lost" });
  expected = [{ peerId: "ann", streams: [] }];
  expect(await grades(0)).toEqual({ me: "excellent", ann: "unknown" });
});

it("a peer whose picture a move has not brought back yet keeps its grade", async () => {
  expected = [{ peerId: "ann", streams: [{ kind: "video", ssrc: undefined }] }];
  expect(await grades(0)).toEqual({ me: "excellent" });
});

it("this peer is lost while its connection is broken", async () => {
  expected = [];
  isBroken = true;
  expect(await grades(0)).toEqual({ me: "lost" });
  isBroken = false;
  expect(await grades(0)).toEqual({ me: "excellent" });
});

it("a peer with a microphone alone is judged by what is lost of it, and its silence is no loss", async () => {
  expected = [{ peerId: "ann", streams: [{ kind: "audio", ssrc: SSRC }] }];
  expect(await grades(100)).toEqual({ me: "excellent" });
  packetsLost = 20;
  expect(await grades(80)).toEqual({ me: "excellent", ann: "poor" });
  expect(await grades(100)).toEqual({ me: "excellent", ann: "excellent" });
  expect(await grades(0)).toEqual({ me: "excellent", ann: "unknown" });
});

it("this peer's own quality is not known before a transport carries something", async () => {
  expected = [];
  roundTripS = 0;
  expect(await grades(0)).toEqual({ me: "unknown" });
  roundTripS = 0.3;
  expect(await grades(0)).toEqual({ me: "good" });
});
