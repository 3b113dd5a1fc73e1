import { silentLogger } from "@fairlead/telemetry";
import { expect, it, onTestFinished } from "vitest";
import { Children } from "../../encoder/children.ts";
import { Places } from "../../encoder/places.ts";
import { findInPath } from "../../encoder/sandbox.ts";
import { assemblerOf } from "../rtp/assemblers.ts";
import type { Picture } from "../rtp/picture.ts";
import { collectRuns } from "../testing/collect-runs.ts";
import { encodePictures, type TestCodec } from "../testing/encode-pictures.ts";
import { LiveProgram } from "./live-program.ts";

const POLL = { timeout: 20_000, interval: 20 };
const FRAME_MS = 100 / 3;
/** Of 20 ms, with something in it. */
const SOUND = Buffer.from([0xf8, 0xff, 0xfe, 0x00]);

/** Of VP8: as they stand in IVF. */
function vp8(options?: { size?: string; count?: number }): Picture[] {
  const assemble = assemblerOf("video/vp8") ?? expect.fail("unknown");
  return encodePictures("vp8", options).flatMap((units) => {
    const picture = assemble([Buffer.concat([Buffer.from([0x10]), ...units])]);
    return picture && picture !== "broken" ? [picture] : [];
  });
}

function h264(codec: TestCodec = "h264", options?: { size?: string; count?: number }): Picture[] {
  const assemble = assemblerOf("video/h264") ?? expect.fail("unknown");
  return encodePictures(codec, options).flatMap((units) => {
    const picture = assemble(units);
    return picture && picture !== "broken" ? [picture] : [];
  });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A programme whose time passes as its media is written. */
function begin({ pictures = true, sound = true, transcodes = 1 } = {}) {
  const collected = collectRuns();
  const failures: unknown[] = [];
  const children = new Children();
  let nowMs = 1_000_000;
  let asked = 0;
  const places = new Places(transcodes);
  const program = new LiveProgram({
    host: {
      ...{ ffmpeg: findInPath("ffmpeg") ?? "ffmpeg", sandbox: { command: [], user: null, missing: [] } },
      ...{
        children,
        limits: { longSide: 1_920, shortSide: 1_080 },
        transcodes: places,
        threadsPerTranscode: 1,
      },
    },
    ...{ tracks: { pictures, sound }, isTranscoded: false, log: silentLogger, now: () => nowMs },
    onOutput: (chunk) => collected.accept("source", chunk),
    onRestarted: collected.restarted,
    askForKeyFrame: () => {
      asked += 1;
    },
    onFailed: (error) => failures.push(error),
  });
  onTestFinished(() => program.close());
  /** While ffmpeg says nothing, a second of media takes a second: on a host that is busy it would count as hanging. */
  const settle = async (patienceMs: number) => {
    const before = collected.count();
    for (let ms = 0; ms < patienceMs && collected.count() === before; ms += 20) await pause(20);
  };
  /** @param options.shownAt Which turn each is shown at. */
  const play = async (
    all: readonly Picture[],
    { shownAt = all.map((_, i) => i), patienceMs = 1_000 } = {},
  ) => {
    const startMs = nowMs;
    for (const [i, picture] of all.entries()) {
      nowMs = startMs + i * FRAME_MS;
      const atMs = startMs + (shownAt[i] ?? i) * FRAME_MS;
      const timestamp = Math.round(atMs * 90) >>> 0;
      program.picture({ ...picture, timestamp, arrivedAtMs: nowMs }, atMs);
      if (i % 30 === 29) await settle(patienceMs);
    }
    nowMs = startMs + all.length * FRAME_MS;
  };
  const wait = async (ms: number, stepMs = 50) => {
    for (let i = 0; i < ms; i += stepMs) {
      nowMs += stepMs;
      await pause(55);
    }
  };
  const skip = (ms: number) => {
    nowMs += ms;
  };
  const pids = () => children.entries().map(({ pid }) => pid);
  return {
    program,
    play,
    wait,
    skip,
    failures,
    places,
    pids,
    collected,
    asked: () => asked,
    now: () => nowMs,
  };
}

/** @returns Seconds of pictures, with sound to their end. */
const secondsOf = ({ fragments }: { fragments: { startS: number; endS: number }[] }) =>
  (fragments.at(-1)?.endS ?? 0) - (fragments[0]?.startS ?? 0);

it("passes H.264 on as it is, with silence where there is no sound", async () => {
  const { play, collected, program } = begin({ sound: false });
  await play(h264("h264", { count: 60 }));
  await expect.poll(() => collected.count(), POLL).toBeGreaterThan(2);
  const [run] = collected.spoken();
  expect(run?.init).toMatchObject({ codecs: expect.stringMatching(/^avc1\.\w{6},mp4a\.40\.2$/) });
  expect(run?.init?.picture).toEqual({ width: 320, height: 240 });
  expect(run?.fragments[0]?.isIndependent).toBe(true);
  expect(program.isTranscoded).toBe(false);
});

it("begins another run with the key frame of another size, and loses nothing of either", async () => {
  const { play, collected } = begin();
  await play(h264("h264", { count: 60 }));
  await play(h264("h264", { size: "640x480", count: 60 }));
  await expect.poll(() => collected.spoken().length, POLL).toBe(2);
  await expect.poll(() => collected.spoken()[1]?.fragments.length, POLL).toBeGreaterThan(3);
  const [first, second] = collected.spoken();
  expect(first && secondsOf(first)).toBeCloseTo(2, 1);
  expect(second?.init?.picture).toEqual({ width: 640, height: 480 });
  expect(second?.fragments[0]?.isIndependent).toBe(true);
});

it("begins another run after its process stood still: nobody hears an hour of silence", async () => {
  const { play, skip, collected } = begin();
  await play(h264("h264", { count: 60 }));
  await expect.poll(() => collected.count(), POLL).toBeGreaterThan(2);
  skip(3_600_000);
  await play(h264("h264", { count: 60 }));
  await expect.poll(() => collected.spoken()[1]?.fragments.length, POLL).toBeGreaterThan(3);
  const [first, second] = collected.spoken();
  expect(first && secondsOf(first)).toBeLessThan(3);
  expect(second && secondsOf(second)).toBeLessThan(3);
});

it("does not start ffmpeg for each of a sender's many formats", async () => {
  const { play, pids, collected } = begin();
  const [small, large] = [h264(), h264("h264", { size: "640x480" })];
  for (let i = 0; i < 5; i++) {
    await play(small.slice(0, 5));
    await play(large.slice(0, 5));
  }
  expect(pids()).toHaveLength(1);
  expect(collected.runs).toHaveLength(1);
});

it("shows no picture that is larger than it is worth", async () => {
  const { program, play, pids, now } = begin();
  const bytes = Buffer.alloc(20);
  const key = { codec: "vp8", width: 16_383, height: 16_383 } as const;
  program.picture({ bytes, key, timestamp: 0, arrivedAtMs: now() }, now());
  await play(vp8({ count: 60 }).slice(1, 5));
  expect(pids()).toEqual([]);
});

it("gives VP8 one size that grows and never shrinks, by a transcode", async () => {
  const { play, program, places, collected } = begin();
  await play(vp8({ count: 60 }));
  expect([program.isTranscoded, places.taken]).toEqual([true, 1]);
  await play(vp8({ size: "640x480", count: 60 }));
  await play(vp8({ size: "160x120", count: 60 }));
  await expect.poll(() => collected.spoken()[1]?.fragments.length, POLL).toBeGreaterThan(8);
  expect(collected.spoken().map(({ init }) => init?.picture)).toEqual([
    { width: 320, height: 240 },
    { width: 640, height: 480 },
  ]);
  await program.close();
  expect(places.taken).toBe(0);
});

it("encodes B-frames anew, as packets don't tell their times", async () => {
  const { play, program, asked, collected } = begin();
  const pictures = h264("h264 with B-frames", { count: 130 });
  const shownAt = pictures.map((_, i) => i + (i % 30 === 0 ? 0 : i % 3 === 1 ? 2 : -1));
  await play(pictures, { shownAt });
  expect(program.isTranscoded).toBe(true);
  expect(asked()).toBeGreaterThan(0);
  await expect.poll(() => collected.spoken().at(-1)?.fragments.length, POLL).toBeGreaterThan(1);
});

it("ends where it must be encoded anew and there is no place", async () => {
  const { play, failures } = begin({ transcodes: 0 });
  await play(vp8({ count: 2 }));
  expect(failures).toEqual([expect.objectContaining({ code: "no_capacity" })]);
});

it("is black while a camera is off, silent while a microphone is muted, and shows what comes again", async () => {
  const { play, wait, collected } = begin();
  await play(h264("h264", { count: 30 }));
  const passOn = async () => {
    await wait(300);
    return collected.spoken()[1]?.fragments.length;
  };
  await expect.poll(passOn, POLL).toBeGreaterThan(2);
  const black = collected.spoken()[1];
  expect(black?.init).toMatchObject({ picture: { width: 320, height: 240 } });
  expect(black?.init?.codecs).toContain("mp4a");
  expect(black?.fragments.every(({ isIndependent }) => isIndependent)).toBe(true);
  await play(h264("h264", { count: 60 }), { patienceMs: 3_000 });
  await expect.poll(() => collected.spoken().at(2)?.fragments.length, POLL).toBeGreaterThan(1);
});

it("is sound alone where there are no pictures", async () => {
  const { program, wait, collected, now } = begin({ pictures: false });
  await wait(100);
  const startMs = now();
  for (let i = 0; i < 100; i++) program.sound(SOUND, startMs + i * 20);
  await expect.poll(() => collected.count(), POLL).toBeGreaterThan(4);
  expect(collected.spoken()[0]?.init).toMatchObject({ codecs: "mp4a.40.2", picture: null });
});

it.each(["SIGKILL", "SIGSTOP"] as const)("goes on after its ffmpeg got %s", async (signal) => {
  const { play, pids, collected, failures } = begin();
  await play(h264("h264", { count: 60 }));
  await expect.poll(() => collected.count(), POLL).toBeGreaterThan(2);
  const [before] = pids();
  process.kill(before ?? 0, signal);
  const pictures = h264("h264", { count: 30 });
  const playOn = async () => {
    await play(pictures);
    return collected.spoken().length;
  };
  await expect.poll(playOn, POLL).toBeGreaterThan(1);
  expect(pids()).not.toContain(before);
  expect(failures).toEqual([]);
});

it("gives up an ffmpeg that dies again and again", async () => {
  const { play, wait, pids, failures } = begin();
  const pictures = h264("h264", { count: 2 });
  await expect
    .poll(async () => {
      await play(pictures);
      await wait(300, 150);
      for (const pid of pids()) process.kill(pid, "SIGKILL");
      return failures.length;
    }, POLL)
    .toBe(1);
});
