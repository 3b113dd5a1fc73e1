import { silentLogger } from "@fairlead/telemetry";
import { expect, it, onTestFinished } from "vitest";
import type { OpenedIngest, RtpTarget } from "../ingest/open-ingest.ts";
import { IngestStream } from "./ingest-stream.ts";
import { Places } from "./places.ts";
import { DEFAULT_STREAM_LIMITS } from "./stream-bounds.ts";

const TARGET: RtpTarget = { ip: "127.0.0.1", rtpPort: 9, rtcpPort: 9, payloadType: 96, ssrc: 1 };
/** Of x264: 1280x720. */
const SPS = Buffer.from([
  ...[0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10],
  ...[0x00, 0x00, 0x03, 0x03, 0xc0, 0xf1, 0x83, 0x19, 0x60],
]);
const VIDEO_HEADER = Buffer.concat([
  Buffer.from([0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, SPS.length]),
  SPS,
  Buffer.from([1, 0, 1, 0x68]),
]);
const AUDIO_HEADER = Buffer.from([0xaf, 0, 0x12, 0x10]);

function keyFrame(bytes: number): Buffer {
  const frame = Buffer.alloc(9 + bytes, 0x65);
  frame.set([0x17, 1, 0, 0, 0]);
  frame.writeUInt32BE(bytes, 5);
  return frame;
}

function startStream({ ffmpeg = "/bin/sleep", start }: { ffmpeg?: string; start: OpenedIngest["start"] }) {
  const refusals: unknown[] = [];
  const limits = { ...DEFAULT_STREAM_LIMITS, bitrateBps: 10 ** 9, fps: 10 ** 6 };
  const sandbox = { command: [], user: null, missing: [] };
  const stream = new IngestStream({
    host: { ffmpeg, sandbox, limits, transcodes: new Places(1), threadsPerTranscode: 1, now: Date.now },
    opened: { start, noteHealth: () => {}, ended: new Promise(() => {}), close: () => {} },
    log: silentLogger,
    onRefused: (error) => refusals.push(error),
  });
  onTestFinished(() => stream.close());
  const take = (type: number, bytes: Buffer) => stream.take({ type, timestampMs: 0, bytes });
  take(9, VIDEO_HEADER);
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
