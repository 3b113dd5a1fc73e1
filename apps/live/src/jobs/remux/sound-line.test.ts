import { expect, it } from "vitest";
import { SoundLine } from "./sound-line.ts";

/** Of 20 ms. */
const SOUND = Buffer.from([0xf8, 0xff, 0xfe, 0x00]);

function begin({ isFed }: { isFed: boolean }) {
  const writtenAtMs: number[] = [];
  let gaps = 0;
  const line = new SoundLine({
    isFed,
    write: (_packet, atMs) => writtenAtMs.push(atMs),
    onGap: () => {
      gaps += 1;
    },
  });
  line.begin(1_000);
  line.fill(1_500);
  return { line, writtenAtMs, gaps: () => gaps };
}

it.each([true, false])("an hour that nobody saw is not filled with silence (fed: %s)", (isFed) => {
  const { line, writtenAtMs, gaps } = begin({ isFed });
  const before = writtenAtMs.length;
  expect(before).toBeGreaterThan(10);
  line.fill(3_601_500);
  expect([writtenAtMs.length - before, gaps()]).toEqual([0, 1]);
  line.fill(3_601_600);
  expect([writtenAtMs.length - before, gaps()]).toEqual([5, 1]);
});

it("a packet that comes first after a standstill goes on from there", () => {
  const { line, writtenAtMs, gaps } = begin({ isFed: true });
  line.take(SOUND, 10_000);
  expect([writtenAtMs.at(-1), gaps()]).toEqual([10_000, 1]);
});

it("silence that grows as time passes is no gap, however long", () => {
  const { line, writtenAtMs, gaps } = begin({ isFed: false });
  for (let nowMs = 1_500; nowMs <= 11_000; nowMs += 1_900) line.fill(nowMs);
  expect([writtenAtMs.length, gaps()]).toEqual([500, 0]);
});
