import { noMetrics, silentLogger } from "@fairlead/telemetry";
import { expect, it, onTestFinished } from "vitest";
import { Children } from "./children.ts";
import { Encoder, type EncoderOptions } from "./encoder.ts";
import type { MediaTag } from "./media-tag.ts";

const sound = (timestampMs: number, bytes: number): MediaTag => ({
  ...({ kind: "audio", part: "frame", isKey: false, compositionMs: 0 } as const),
  ...{ timestampMs, bytes: Buffer.alloc(bytes) },
});

/** An encoder of sound whose program is another one. */
function startEncoder(options: Pick<EncoderOptions, "ffmpeg" | "plan"> & Partial<EncoderOptions>): Encoder {
  const encoder = new Encoder({
    ...{ children: new Children(), metrics: noMetrics },
    sandbox: { command: [], user: null, missing: [] },
    headers: { video: null, audio: sound(0, 4) },
    ...{ log: silentLogger, now: Date.now, onGaveUp: () => {} },
    ...options,
  });
  onTestFinished(() => encoder.close());
  return encoder;
}

it.each([
  ["from its start for 10", "exec sleep 60", 10_000],
  ["any more for 3", "head -c 200000 >/dev/null; exec sleep 60", 3_000],
])("an ffmpeg that has read nothing %s seconds is replaced", async (_, script, patienceMs) => {
  let nowMs = 0;
  const encoder = startEncoder({
    ffmpeg: "/bin/sh",
    plan: () => ({ args: ["-c", script] }),
    now: () => nowMs,
  });
  if (patienceMs === 3_000) {
    encoder.write(sound(0, 190_000));
    await expect.poll(() => encoder.isBehind, { timeout: 10_000 }).toBe(false);
  }
  const hung = encoder.pid;
  expect(encoder.write(sound(0, 200_000))).toBe(true);
  for (nowMs = 100; nowMs <= patienceMs + 100; nowMs += 100)
    expect([encoder.write(sound(nowMs, 100)), encoder.pid]).toEqual([true, hung]);
  await expect.poll(() => encoder.pid, { timeout: 10_000 }).not.toBe(hung);
});

it("a standstill of this process is not taken for ffmpeg's", async () => {
  let nowMs = 0;
  const encoder = startEncoder({ ffmpeg: "/bin/cat", plan: () => ({ args: [] }), now: () => nowMs });
  const { pid } = encoder;
  encoder.write(sound(0, 200_000));
  expect(encoder.isBehind).toBe(true);
  // It has had no time to hear that ffmpeg has read.
  for (nowMs = 60_000; nowMs < 60_200; nowMs += 20) encoder.write(sound(nowMs, 100));
  await expect.poll(() => encoder.isBehind, { timeout: 10_000 }).toBe(false);
  expect(encoder.pid).toBe(pid);
});

it("an ffmpeg that reads is not: however long it was quiet", async () => {
  let nowMs = 0;
  const encoder = startEncoder({ ffmpeg: "/bin/cat", plan: () => ({ args: [] }), now: () => nowMs });
  const { pid } = encoder;
  for (nowMs = 0; nowMs < 20_000; nowMs += 4_000) {
    encoder.write(sound(nowMs, 200_000));
    await expect.poll(() => encoder.isBehind, { timeout: 10_000 }).toBe(false);
  }
  expect(encoder.pid).toBe(pid);
  expect(encoder.write(sound(nowMs, 100))).toBe(true);
});

it("where the system starts no program any more, its owner is told", async () => {
  let starts = 0;
  const refusals: string[] = [];
  // Node throws for such an argument at once, as it does where memory is short.
  startEncoder({
    ffmpeg: "/bin/false",
    plan: () => ({ args: starts++ === 0 ? [] : ["\0"] }),
    onGaveUp: ({ message }) => refusals.push(message),
  });
  await expect.poll(() => refusals, { timeout: 10_000 }).toEqual([expect.stringContaining("can't go on")]);
  expect(starts).toBe(2);
});
