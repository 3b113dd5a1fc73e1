import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PeerTransports } from "../media/transports.ts";
import { type ExpectedPeer, QualityMonitor } from "./quality-monitor.ts";

const INTERVAL_MS = 2_500;
const SSRC = 1;

let monitor: QualityMonitor;
let packets: number;
let isBroken: boolean;
let expected: ExpectedPeer[];
const graded = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  [packets, isBroken] = [0, false];
  graded.mockReset();
  const stats = async () => ({
    send: new Map() as unknown as RTCStatsReport,
    receive: new Map([
      ["v", { type: "inbound-rtp", ssrc: SSRC, packetsReceived: packets }],
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
  expected = [{ peerId: "ann", ssrcs: [SSRC] }];
  expect(await grades(10)).toEqual({ me: "excellent" });
  expect(await grades(10)).toEqual({ me: "excellent", ann: "excellent" });
  expect(await grades(0)).toEqual({ me: "excellent", ann: "lost" });
  expected = [{ peerId: "ann", ssrcs: [] }];
  expect(await grades(0)).toEqual({ me: "excellent", ann: "excellent" });
});

it("a peer whose picture a move has not brought back yet keeps its grade", async () => {
  expected = [{ peerId: "ann", ssrcs: [undefined] }];
  expect(await grades(0)).toEqual({ me: "excellent" });
});

it("this peer is lost while its connection is broken", async () => {
  expected = [];
  isBroken = true;
  expect(await grades(0)).toEqual({ me: "lost" });
  isBroken = false;
  expect(await grades(0)).toEqual({ me: "excellent" });
});
