import { readFile } from "node:fs/promises";
import { MetricsStore, silentLogger } from "@fairlead/telemetry";
import { afterEach, describe, expect, it } from "vitest";
import { type RtmpOptions, serveRtmp } from "./serve-rtmp.ts";
import { GOOD_KEY, openToSockets } from "./testing/open-to-sockets.ts";
import {
  AAC,
  FFMPEG,
  H264,
  type Push,
  pushStream,
  recordStream,
  WITH_B_FRAMES,
} from "./testing/push-stream.ts";
import { handshake, message, publishCommands, speakRtmp } from "./testing/speak-rtmp.ts";

const PATIENT = { timeout: 10_000 };

const closing: (() => unknown)[] = [];

async function setUp(options: Partial<RtmpOptions> = {}) {
  const ingests = openToSockets();
  const server = await serveRtmp({
    ...{ host: "127.0.0.1", port: 0, open: ingests.open, ffmpeg: FFMPEG, log: silentLogger },
    ...options,
  });
  closing.push(() => server.close(), ingests.close);
  const push = (key: string, codecs?: string[]): Push => {
    const pushed = pushStream(`rtmp://127.0.0.1:${server.port}/live/${key}`, codecs);
    closing.unshift(pushed.stop);
    return pushed;
  };
  return { ...ingests, server, push };
}

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** As the kernel tells it. */
async function expectSandbox(pid: number): Promise<void> {
  const [status, limits] = await Promise.all(
    ["status", "limits"].map((name) => readFile(`/proc/${pid}/${name}`, "utf8")),
  );
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  expect(limits).toMatch(/^Max file size +0 +0 /m);
  if (process.getuid?.() !== 0) return;
  expect(status).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
  expect(await readFile(`/proc/${pid}/environ`, "utf8")).toBe("");
}

describe("a stream by RTMP", () => {
  it("goes on as RTP of both kinds, copied, with the payload types and SSRCs that were asked for", async () => {
    const { push, server, video, audio, started, asked, health, closed } = await setUp();
    const pushed = push(GOOD_KEY);
    await expect.poll(() => video.packets > 60 && audio.packets > 60, { timeout: 15_000 }).toBe(true);
    expect(asked).toEqual([{ key: GOOD_KEY, address: "127.0.0.1" }]);
    expect(started).toEqual([{ video: { profileLevelId: expect.stringMatching(/^42c0/) }, audio: true }]);
    expect([[...video.types], [...video.ssrcs]]).toEqual([[96], [0xf000_1111]]);
    expect([[...audio.types], [...audio.ssrcs]]).toEqual([[97], [2_222]]);
    // 20 ms of 48 kHz each: a receiver conceals what lies between others, and that is heard.
    const { timestamps } = audio;
    const steps = timestamps.slice(1).map((timestamp, i) => (timestamp - (timestamps[i] ?? 0)) >>> 0);
    expect([...new Set(steps)]).toEqual([960]);
    await expect
      .poll(() => health.at(-1), { timeout: 15_000 })
      .toMatchObject({ gopMs: 500, hasBFrames: false, isTranscoded: false });
    const pid = server.publishers()[0]?.pid ?? 0;
    expect(isAlive(pid)).toBe(true);
    if (process.platform === "linux") await expectSandbox(pid);
    pushed.stop();
    await expect.poll(closed, PATIENT).toBe(1);
    await expect.poll(() => isAlive(pid), PATIENT).toBe(false);
    expect(server.publishers()).toEqual([]);
  });

  it("with B-frames is transcoded, while there are places for it", async () => {
    const { push, video, audio, started, health } = await setUp({ limits: { transcodes: 1 } });
    push(GOOD_KEY, [...WITH_B_FRAMES, ...AAC]);
    await expect.poll(() => video.packets > 30 && audio.packets > 30, { timeout: 15_000 }).toBe(true);
    expect(started).toEqual([{ video: { profileLevelId: "42e01f" }, audio: true }]);
    await expect
      .poll(() => health.at(-1), { timeout: 15_000 })
      .toMatchObject({ hasBFrames: true, isTranscoded: true });
    const second = push(GOOD_KEY, [...WITH_B_FRAMES, ...AAC]);
    await second.gone;
    expect(second.said()).toContain("Turn B-frames off");
  });

  it("outlives its ffmpeg: another one goes on from the next key frame", async () => {
    const metrics = new MetricsStore();
    const { push, server, video, audio, closed } = await setUp({ metrics });
    push(GOOD_KEY);
    await expect.poll(() => video.packets > 10 && audio.packets > 10, { timeout: 15_000 }).toBe(true);
    const before = server.publishers()[0]?.pid ?? 0;
    process.kill(before, "SIGKILL");
    await expect.poll(() => isAlive(before), PATIENT).toBe(false);
    const [pictures, sounds] = [video.packets, audio.packets];
    await expect
      .poll(() => video.packets > pictures + 20 && audio.packets > sounds + 20, { timeout: 15_000 })
      .toBe(true);
    expect(server.publishers()[0]?.pid).not.toBe(before);
    expect(closed()).toBe(0);
    expect(metrics.counts.get("encoder.ended")).toBe(1);
    expect(metrics.counts.get("publisher.bytes")).toBeGreaterThan(1_000);
    // To those who receive them it is one sender: a step of 3,000 and more would be another stream.
    for (const { ports, sequences } of [video, audio]) {
      expect(ports.size).toBe(1);
      const steps = sequences
        .slice(1)
        .map((sequence, i) => (sequence - (sequences[i] ?? 0) + 65_536) % 65_536);
      expect(steps.filter((step) => step < 1 || step > 2_999)).toEqual([]);
    }
  });

  it("is refused when its ffmpeg ends again and again, or is not there", async () => {
    const refused = ["/bin/false", "/nonexistent/ffmpeg"].map(async (ffmpeg) => {
      const { push, closed } = await setUp({ ffmpeg });
      const pushed = push(GOOD_KEY);
      await pushed.gone;
      expect(pushed.said()).toContain("The server can't read this stream");
      expect(closed()).toBe(1);
    });
    await Promise.all(refused);
  });

  it("goes on when its encoder changes its settings and its time begins anew", async () => {
    const { server, video, started, health } = await setUp();
    const speaker = speakRtmp(server.port);
    closing.unshift(() => speaker.socket.destroy());
    speaker.send(handshake(), publishCommands(GOOD_KEY));
    await expect.poll(() => speaker.heard(), PATIENT).toContain("NetStream.Publish.Start");
    const send = (codecs: string[]) => {
      for (const { type, bytes, timestampMs } of recordStream(codecs))
        speaker.send(message(type, bytes, 1, timestampMs));
    };
    send([...H264, ...AAC]);
    await expect.poll(() => video.packets, { timeout: 15_000 }).toBeGreaterThan(10);
    const [before] = server.publishers();
    send([...WITH_B_FRAMES, ...AAC]);
    await expect.poll(() => server.publishers()[0]?.isTranscoded, { timeout: 15_000 }).toBe(true);
    const packets = video.packets;
    await expect.poll(() => video.packets, { timeout: 15_000 }).toBeGreaterThan(packets + 10);
    const [after] = server.publishers();
    expect([before?.isTranscoded, after?.isTranscoded]).toEqual([false, true]);
    expect(after?.pid).not.toBe(before?.pid);
    expect([started.length, video.ports.size]).toEqual([1, 1]);
    await expect.poll(() => health.at(-1), PATIENT).toMatchObject({ isTranscoded: true });
  });

  it("without sound or without pictures is taken as it is", async () => {
    const silent = await setUp();
    silent.push(GOOD_KEY, [...H264, "-an"]);
    const dark = await setUp();
    dark.push(GOOD_KEY, ["-vn", ...AAC]);
    await expect
      .poll(() => silent.video.packets > 5 && dark.audio.packets > 5, { timeout: 15_000 })
      .toBe(true);
    expect(silent.started).toEqual([{ video: { profileLevelId: expect.any(String) }, audio: false }]);
    expect(dark.started).toEqual([{ video: null, audio: true }]);
  });

  it("is refused in words that ffmpeg prints: its key, its codecs, its size, and when its place is lost", async () => {
    const metrics = new MetricsStore();
    const { push, end, video } = await setUp({ metrics });
    const [wrong, nameless] = [push("nobody.knows"), push("")];
    await Promise.all([wrong.gone, nameless.gone]);
    expect(wrong.said()).toContain("This stream key is not valid");
    expect(nameless.said()).toContain("No stream key");
    const [flv1, mp3] = [
      push(GOOD_KEY, ["-c:v", "flv1", ...AAC]),
      push(GOOD_KEY, [...H264, "-c:a", "libmp3lame"]),
    ];
    const large = push(GOOD_KEY, ["-s", "2560x1440", ...H264, ...AAC]);
    await Promise.all([flv1.gone, mp3.gone, large.gone]);
    expect(flv1.said()).toContain("The encoder sends H.263: set its video encoder to H.264");
    expect(mp3.said()).toContain("The encoder sends MP3: set its audio encoder to AAC");
    expect(large.said()).toContain("A picture of 2560x1440 is not taken");
    const good = push(GOOD_KEY);
    await expect.poll(() => video.packets > 5, { timeout: 15_000 }).toBe(true);
    end("Another encoder took over.");
    await good.gone;
    expect(good.said()).toContain("Another encoder took over");
    const counted = (code: string) => metrics.counts.get(`publisher.refused ${code}`);
    expect([counted("stream_key_invalid"), counted("not_acceptable"), counted("media_rejected")]).toEqual([
      2, 2, 2,
    ]);
  });

  it("is sent away while the server is drained, and taken again after that", async () => {
    const { push, server, video } = await setUp();
    const pushed = push(GOOD_KEY);
    await expect.poll(() => video.packets > 5, { timeout: 15_000 }).toBe(true);
    await server.drain();
    await pushed.gone;
    expect(pushed.said()).toContain("This server is being drained. Connect again.");
    const second = push(GOOD_KEY);
    await second.gone;
    expect(second.said()).toContain("it is being drained. Connect again.");
    server.undrain();
    const before = video.packets;
    push(GOOD_KEY);
    await expect.poll(() => video.packets > before + 5, { timeout: 15_000 }).toBe(true);
  });
});
