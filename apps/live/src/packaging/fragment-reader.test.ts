import { readFileSync } from "node:fs";
import { FairleadError } from "@fairlead/protocol";
import { expect, it } from "vitest";
import { FragmentReader, type Mp4Event } from "./fragment-reader.ts";

/** 64x36 at 30 frames a second, a key frame each second, AAC at 48 kHz; as ffmpeg 5.1 writes it. */
const RECORDED = readFileSync(new URL("testing/fragmented.mp4", import.meta.url));

function readIn(chunkBytes: number, bytes = RECORDED): Mp4Event[] {
  const reader = new FragmentReader();
  const events: Mp4Event[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes)
    events.push(...reader.push(bytes.subarray(at, at + chunkBytes)));
  return events;
}

const fragmentsOf = (events: Mp4Event[]) =>
  events.flatMap((event) => (event.type === "fragment" ? event.fragment : []));

it("reads what ffmpeg writes: codecs, size of pictures, key frames, times without gaps", () => {
  const [first, ...others] = readIn(65_536);
  if (first?.type !== "init") throw new Error("no init");
  expect(first.init).toMatchObject({
    codecs: "avc1.64000a,mp4a.40.2",
    picture: { width: 64, height: 36 },
  });
  const fragments = fragmentsOf(others);
  const keysAt = fragments.filter(({ isIndependent }) => isIndependent).map(({ startS }) => startS);
  expect(keysAt.map((startS) => Math.round(startS))).toEqual([0, 1, 2, 3, 4, 5]);
  let endS = 0;
  for (const fragment of fragments) {
    expect(fragment.startS).toBeCloseTo(endS, 2);
    endS = fragment.endS;
  }
  expect(fragments.reduce((sum, { frames }) => sum + frames, 0)).toBe(162);
});

it("a fragment that is cut short comes before a key frame, or last", () => {
  const fragments = fragmentsOf(readIn(65_536));
  const next = fragments.flatMap(({ isCutShort }, i) =>
    isCutShort ? [fragments[i + 1]?.isIndependent] : [],
  );
  expect(next.length).toBeGreaterThan(0);
  expect(next).not.toContain(false);
});

it("reads the same in whatever pieces it comes, and gives back every byte", () => {
  const whole = readIn(RECORDED.length);
  for (const chunkBytes of [7, 1_000]) expect(readIn(chunkBytes)).toEqual(whole);
  const bytes = whole.map((event) => (event.type === "init" ? event.init.bytes : event.fragment.bytes));
  expect(Buffer.concat(bytes).equals(RECORDED.subarray(0, Buffer.concat(bytes).length))).toBe(true);
});

it("bytes that are altered are read, or refused with `media_rejected`", () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  let refused = 0;
  for (let round = 0; round < 500; round++) {
    const bytes = Buffer.from(RECORDED.subarray(0, 6_000));
    for (let i = 0; i < 3; i++) bytes[random(round % 2 ? 1_500 : 6_000)] = random(256);
    try {
      for (const { startS, endS } of fragmentsOf(readIn(6_000, bytes)))
        expect(endS - startS).toBeLessThanOrEqual(60);
    } catch (error) {
      expect(error).toBeInstanceOf(FairleadError);
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(20);
});

it.each([
  ["a box of 4 GB", Buffer.from("ffffffff6d646174", "hex")],
  ["a box of no size", Buffer.from("000000006d646174", "hex")],
  ["something else", Buffer.from("HTTP/1.1 200 OK\r\n\r\n")],
  ["media before it is said how to decode it", Buffer.from("000000086d646174", "hex")],
])("%s is refused at its first bytes", (_what, bytes) => {
  expect(() => readIn(bytes.length, bytes)).toThrow(FairleadError);
});
