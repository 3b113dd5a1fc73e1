import { SESSIONS_ALIVE_INTERVAL_MS } from "@fairlead/protocol";
import { expect, it } from "vitest";
import { Silence, TICK_MS } from "./silence.ts";

/** @param frames When the client sends, ms. @returns When its node is told that it is there, ms. */
function proofsOf(frames: readonly number[], untilMs: number): number[] {
  const silence = new Silence(SESSIONS_ALIVE_INTERVAL_MS);
  const proofs: number[] = [];
  for (let ms = 0; ms <= untilMs; ms += TICK_MS) {
    if (frames.some((atMs) => ms - TICK_MS < atMs && atMs <= ms)) silence.end();
    if (ms > 0 && silence.tick()) proofs.push(ms);
  }
  return proofs;
}
const every = (gapMs: number, untilMs: number) =>
  Array.from({ length: Math.floor(untilMs / gapMs) + 1 }, (_, index) => index * gapMs);

it("a client that pings is told of often enough for any grace time of a second more than a ping's", () => {
  const proofs = proofsOf(every(5_000, 60_000), 60_000);
  const gaps = proofs.map((atMs, index) => atMs - (proofs[index - 1] ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(4_000);
});

it("one that sends all the time is told of every three seconds", () => {
  expect(proofsOf(every(TICK_MS, 12_000), 12_000)).toEqual([3_000, 6_000, 9_000, 12_000]);
});

it.each(every(TICK_MS, 5_000))(
  "one that falls silent after %i ms is told of four seconds later for the last time, whenever its node heard of it before",
  (lastFrameMs) => {
    const frames = [0, lastFrameMs];
    // The tick that follows the last frame is its first.
    expect(proofsOf(frames, 60_000).at(-1)).toBe(Math.max(lastFrameMs, TICK_MS) - TICK_MS + 4_000);
  },
);

it("one that comes back is told of at once", () => {
  expect(proofsOf([0, 15_000], 16_000).filter((ms) => ms > 5_000)).toEqual([15_000]);
});
