import { describe, expect, it } from "vitest";
import { isCopied } from "./ffmpeg-args.ts";
import { FlvWriter } from "./flv-writer.ts";
import type { MediaTag } from "./media-tag.ts";
import { readSps } from "./read-sps.ts";
import { findSandbox } from "./sandbox.ts";
import { checkPicture, DEFAULT_STREAM_LIMITS, readConfig, StreamBounds } from "./stream-bounds.ts";
import { StreamHealth } from "./stream-health.ts";

const picture = (timestampMs: number, { isKey = false, bytes = 100 } = {}): MediaTag => ({
  ...({ kind: "video", part: "frame", compositionMs: 0 } as const),
  ...{ timestampMs, isKey, bytes: Buffer.alloc(bytes) },
});

/** Sends pictures at `fps`, of so many bytes, for 12 seconds; a key frame each so many. */
function stream({ fps = 30, bytes = 1_000, keyEach = 60 }) {
  let nowMs = 0;
  const bounds = new StreamBounds(DEFAULT_STREAM_LIMITS, () => nowMs);
  return () => {
    for (let i = 0; i < 12 * fps; i++) {
      nowMs = (i * 1_000) / fps;
      bounds.check(picture(Math.round(nowMs), { isKey: i % keyEach === 0, bytes }));
    }
  };
}

describe("a stream's bounds", () => {
  it("let usual streams pass: 1080p60 at 10 Mbit/s, and 30 pictures a second", () => {
    expect(stream({ fps: 60, bytes: 20_000 })).not.toThrow();
    expect(stream({})).not.toThrow();
  });

  it("refuse more than 60 pictures a second, 12 Mbit/s, or 10 seconds from key frame to key frame", () => {
    expect(stream({ fps: 75 })).toThrow("More than 60 frames a second");
    expect(stream({ bytes: 55_000 })).toThrow("More than 12 Mbit/s");
    expect(stream({ keyEach: 1_000 })).toThrow("No key frame for 10 seconds");
  });

  it.each([
    ["11 seconds apart", (i: number) => i * 11_000],
    ["backwards", (i: number) => 1_000_000 - i * 20],
    ["all the same", () => 0],
  ])("hold by arrival where the stream's own times are %s", (_what, timeOf) => {
    const arrive = ({ fps, bytes, keyEach = 1 }: { fps: number; bytes: number; keyEach?: number }) => {
      let nowMs = 0;
      const bounds = new StreamBounds(DEFAULT_STREAM_LIMITS, () => nowMs);
      const sent = picture(0, { bytes });
      for (let i = 0; nowMs < 62_000; i++, nowMs = (i * 1_000) / fps)
        bounds.check({ ...sent, timestampMs: timeOf(i), isKey: i % keyEach === 0 });
    };
    expect(() => arrive({ fps: 60, bytes: 20_000 })).not.toThrow();
    expect(() => arrive({ fps: 250, bytes: 10 })).toThrow("More than 60 frames a second");
    expect(() => arrive({ fps: 120, bytes: 10 })).toThrow("More than 60 frames a second");
    expect(() => arrive({ fps: 60, bytes: 60_000 })).toThrow("More than 12 Mbit/s");
    expect(() => arrive({ fps: 10, bytes: 10, keyEach: 10_000 })).toThrow("No key frame for 10 seconds");
  });

  it("forgive what arrives at once after a pause of the network", () => {
    let nowMs = 0;
    const bounds = new StreamBounds(DEFAULT_STREAM_LIMITS, () => nowMs);
    bounds.check(picture(0, { isKey: true }));
    nowMs = 6_000;
    for (let at = 0; at < 6_000; at += 20)
      bounds.check(picture(at, { isKey: at % 2_000 === 0, bytes: 25_000 }));
  });

  it("end with 24 hours", () => {
    let nowMs = 0;
    const bounds = new StreamBounds(DEFAULT_STREAM_LIMITS, () => nowMs);
    nowMs = 24 * 60 * 60 * 1_000 + 1;
    expect(() => bounds.check(picture(0))).toThrow("longest time");
  });
});

describe("a stream's health", () => {
  const setUp = () => {
    let nowMs = 0;
    const health = new StreamHealth(() => nowMs);
    /** Frames at 30 a second from `from` on, each of which arrives so much later than it was made. */
    const send = (from: number, to: number, { lateMs = 0 } = {}) => {
      for (let i = from; i < to; i++) {
        nowMs = (i * 1_000) / 30 + lateMs;
        health.note(picture(Math.round((i * 1_000) / 30), { isKey: i % 60 === 0 }));
      }
    };
    return { health, send, read: () => health.read({ isTranscoded: false, sps: null }) };
  };

  it("has no dropped frame at a steady rate, and counts those that the encoder left out or nobody could get", () => {
    const { health, send, read } = setUp();
    send(0, 90);
    expect(read()).toMatchObject({ droppedFrames: 0, lateMs: 0, gopMs: 2_000 });
    send(91, 120);
    send(126, 150);
    health.noteDropped(picture(0));
    expect(read().droppedFrames).toBe(1 + 6 + 1);
  });

  it("counts no frame as dropped where the encoder's clock jumps, or it sends fewer frames from now on", () => {
    const { health, send, read } = setUp();
    send(0, 60);
    send(1_000, 1_060);
    for (let i = 0; i < 300; i++) health.note(picture(60_000 + i * 66));
    // Until the new rate is the usual one.
    expect(read().droppedFrames).toBeLessThan(20);
  });

  it("says how far a stream fell behind its own time, and that it caught up", () => {
    const { send, read } = setUp();
    send(0, 60);
    send(60, 90, { lateMs: 1_500 });
    expect(read().lateMs).toBe(1_500);
    send(90, 120);
    expect(read().lateMs).toBe(0);
  });
});

describe("the header of H.264", () => {
  // Of x264: 1280x720, high, level 3.1; and 1920x1080, cropped from 1088 lines.
  const hd = Buffer.from([
    ...[0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10],
    ...[0x00, 0x00, 0x03, 0x03, 0xc0, 0xf1, 0x83, 0x19, 0x60],
  ]);

  it("says its size and profile", () => {
    const sps = readSps(hd);
    expect(sps).toEqual({
      profileLevelId: "64001f",
      profile: 100,
      width: 1_280,
      height: 720,
      isInterlaced: false,
    });
    expect(
      sps && [isCopied(sps, false), isCopied(sps, true), isCopied({ ...sps, profile: 122 }, false)],
    ).toEqual([true, false, false]);
  });

  const tagOf = (...parts: (Buffer | number[])[]): MediaTag => ({
    ...picture(0),
    bytes: Buffer.concat([Buffer.alloc(5), ...parts.map((part) => Buffer.from(part))]),
  });
  const small = { ...DEFAULT_STREAM_LIMITS, longSide: 640 };

  it("that stands among pictures is bounded too", () => {
    const config = tagOf([1, 0x64, 0, 0x1f, 0xff, 0xe1]);
    const among = tagOf([0, 0, 0, 2, 0x65, 1], [0, 0, 0, hd.length], hd);
    expect(() => checkPicture(among, config, DEFAULT_STREAM_LIMITS)).not.toThrow();
    expect(() => checkPicture(among, config, small)).toThrow("A picture of 1280x720 is not taken");
    for (const bytes of [
      [255, 255, 255, 255, 7],
      [0, 0, 0, 0],
      [0, 0, 0, 1, 9, 0, 0],
      [0, 0, 0, 3, 1, 1],
      [0, 0, 0, 1],
    ])
      expect(() => checkPicture(tagOf(bytes), config, DEFAULT_STREAM_LIMITS)).toThrow(
        "picture can't be read",
      );
  });

  it("is bounded wherever it stands in the configuration, which holds nothing else", () => {
    // Of x264: 640x360, baseline.
    const sd = Buffer.from("6742c01ed900a02ff970110000030001000003003c0f162e48", "hex");
    const unit = (bytes: Buffer | number[]) => Buffer.from([0, bytes.length, ...bytes]);
    const head = [1, 0x64, 0, 0x1f, 0xff];
    const pps = unit([0x68, 1]);
    const read = (limits: typeof small, ...parts: (Buffer | number[])[]) =>
      readConfig(tagOf(head, ...parts), limits).width;
    expect(read(small, [0xe1], unit(sd), [1], pps)).toBe(640);
    expect(read(small, [0xe1], unit(sd), [1], pps, [0xfd, 0xf8, 0xf8, 0])).toBe(640);
    expect(read(DEFAULT_STREAM_LIMITS, [0xe2], unit(sd), unit(hd), [1], pps)).toBe(640);
    expect(() => read(small, [0xe2], unit(sd), unit(hd), [1], pps)).toThrow("1280x720 is not taken");
    const broken = [
      [[0xe1], unit(sd), [2], pps, unit(hd)],
      [[0xe1], unit(sd), [1], pps, unit(hd)],
      [[0xe1], unit(sd), [1], pps, [0]],
      [[0xe2], unit(sd), [1], pps],
      [[0xe0], [1], pps],
      [[0xe1], unit(sd)],
    ];
    for (const parts of broken)
      expect(() => read(DEFAULT_STREAM_LIMITS, ...parts)).toThrow("header can't be read");
  });

  it("that is cut off, or made to keep its reader busy, is not read", () => {
    for (let length = 0; length < 10; length++) expect(readSps(hd.subarray(0, length))).toBeNull();
    const endless = Buffer.concat([
      Buffer.from([0x67, 66, 0, 31, 0xf5]),
      Buffer.alloc(900, 0x00),
      Buffer.alloc(100, 0xff),
    ]);
    expect(readSps(endless)).toBeNull();
  });
});

it("what a host without root can't offer is told", () => {
  const sandbox = findSandbox(1, false);
  expect(sandbox.user).toBeNull();
  expect(sandbox.missing).toContain("a user of its own");
});

describe("the time that ffmpeg sees", () => {
  const times = (...given: number[]) => {
    const flv = new FlvWriter();
    return given.map((at) => flv.tag(picture(at)).readUIntBE(4, 3));
  };

  it("begins at 0 and goes on over the jumps of an encoder's clock", () => {
    expect(times(5_000, 5_033, 5_066)).toEqual([0, 33, 66]);
    expect(times(0, 33, 3_600_000, 3_600_033)).toEqual([0, 33, 53, 86]);
    expect(times(90_000, 90_033, 0, 33)).toEqual([0, 33, 53, 86]);
  });

  it("keeps a pause, and what sounds a little earlier than the picture before it", () => {
    expect(times(0, 5_000, 4_980)).toEqual([0, 5_000, 4_980]);
  });
});
