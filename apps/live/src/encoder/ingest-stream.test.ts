import { noMetrics, silentLogger } from "@fairlead/telemetry";
import { expect, it, onTestFinished } from "vitest";
import type { OpenedIngest, RtpTarget } from "../ingest/open-ingest.ts";
import { Children } from "./children.ts";
import { IngestStream } from "./ingest-stream.ts";
import type { MediaTag } from "./media-tag.ts";
import { Places } from "./places.ts";
import { DEFAULT_STREAM_LIMITS } from "./stream-bounds.ts";
import { WaitingFrames } from "./waiting-frames.ts";

const TARGET: RtpTarget = { ip: "127.0.0.1", rtpPort: 9, rtcpPort: 9, payloadType: 96, ssrc: 1 };
/** Of x264: 1280x720. */
const SPS = Buffer.from([
  ...[0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10],
  ...[0x00, 0x00, 0x03, 0x03, 0xc0, 0xf1, 0x83, 0x19, 0x60],
]);
/** 4:2:2, which browsers don't decode. */
const EXOTIC_SPS = Buffer.from(SPS).fill(0x7a, 1, 2);
const videoHeader = (sps: Buffer) =>
  Buffer.concat([
    Buffer.from([0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, sps.length]),
    sps,
    Buffer.from([1, 0, 1, 0x68]),
  ]);
const AUDIO_HEADER = Buffer.from([0xaf, 0, 0x12, 0x10]);

function keyFrame(bytes: number): Buffer {
  const frame = Buffer.alloc(9 + bytes, 0x65);
  frame.set([0x17, 1, 0, 0, 0]);
  frame.writeUInt32BE(bytes, 5);
  return frame;
}

type TestStream = Pick<OpenedIngest, "start" | "hls"> & { ffmpeg?: string; sps?: Buffer };

function startStream({ ffmpeg = "/bin/sleep", start, hls = null, sps = SPS }: TestStream) {
  const refusals: unknown[] = [];
  const limits = { ...DEFAULT_STREAM_LIMITS, bitrateBps: 10 ** 9, fps: 10 ** 6 };
  const sandbox = { command: [], user: null, missing: [] };
  const stream = new IngestStream({
    host: {
      ...{ ffmpeg, sandbox, limits, transcodes: new Places(1), threadsPerTranscode: 1, now: Date.now },
      ...{ children: new Children(), metrics: noMetrics },
    },
    opened: { start, hls, noteHealth: () => {}, ended: new Promise(() => {}), close: () => {} },
    log: silentLogger,
    onRefused: (error) => refusals.push(error),
  });
  onTestFinished(() => stream.close());
  const take = (type: number, bytes: Buffer) => stream.take({ type, timestampMs: 0, bytes });
  take(9, videoHeader(sps));
  take(8, AUDIO_HEADER);
  return { stream, refusals, take };
}

const udpSockets = () => process.getActiveResourcesInfo().filter((name) => name === "UDPWrap").length;

it.each([
  ["whose program can't be started", "\0", TARGET],
  ["with a second target that can't be reached from here", "/bin/sleep", { ...TARGET, ip: "203.0.113.1" }],
])("a stream %s is refused, and leaves no socket", async (_what, ffmpeg, audio) => {
  const before = udpSockets();
  const { take, refusals } = startStream({ ffmpeg, start: async () => ({ video: TARGET, audio }) });
  take(9, keyFrame(100));
  await expect.poll(() => refusals.length, { timeout: 10_000 }).toBe(1);
  await expect.poll(udpSockets, { timeout: 10_000 }).toBeLessThanOrEqual(before);
});

it("a stream whose home answers late goes on from the newest key frame, however much came meanwhile", async () => {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const start = async () => {
    await answered;
    return { video: TARGET, audio: { ...TARGET, ssrc: 2 } };
  };
  const { take, refusals, stream } = startStream({ start });
  for (let sent = 0; sent < 40; sent++) take(9, keyFrame(10 ** 6));
  answer();
  await expect.poll(() => stream.pid, { timeout: 10_000 }).toBeDefined();
  expect(refusals).toEqual([]);
});

it("frames that wait for a home are kept from a key frame on, and those that wait for a header are bounded", () => {
  const frameOf = (timestampMs: number, isKey: boolean): MediaTag => ({
    ...({ kind: "video", part: "frame", compositionMs: 0 } as const),
    ...{ timestampMs, isKey, bytes: Buffer.alloc(10 ** 6) },
  });
  const frames = new WaitingFrames();
  const timesOf = () => frames.all().map(({ timestampMs }) => timestampMs);
  for (let at = 0; at < 12; at++) frames.pushNewest(frameOf(at, at % 3 === 0));
  expect(timesOf()).toEqual([9, 10, 11]);
  for (let at = 12; at < 30; at++) frames.pushNewest(frameOf(at, false));
  expect(timesOf().length).toBeLessThan(17);
  const early = new WaitingFrames();
  expect(() => {
    for (let at = 0; at < 20; at++) early.push(frameOf(at, true));
  }).toThrow("no H.264 or AAC header");
});

it.each([
  ["whose ffmpeg has died three times goes on without HLS", SPS, 3],
  ["that needs a second place for HLS, and finds none, has no HLS", EXOTIC_SPS, 0],
])("a stream %s, and its packager hears that", async (_name, sps, startsWithHls) => {
  const heard: string[] = [];
  const hls = {
    ...{ accept: () => {}, noteEncoded: () => {} },
    restarted: () => void heard.push("restarted"),
    stopped: () => void heard.push("stopped"),
  };
  const start = async () => ({ video: TARGET, audio: null });
  const { take } = startStream({ ffmpeg: "/bin/false", start, hls, sps });
  take(9, keyFrame(100));
  const expected = [...Array<string>(startsWithHls).fill("restarted"), "stopped"];
  await expect.poll(() => heard, { timeout: 10_000 }).toEqual(expected);
});
