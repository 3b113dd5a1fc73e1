import { describe, expect, it } from "vitest";
import { pauseAfterMs } from "./drain-pace.ts";

const MINUTE_MS = 60_000;

/** @returns How long it takes until the last of these rooms goes. */
function totalMs(rooms: number[], leftMs: number): number {
  let atMs = 0;
  for (const [index, peers] of rooms.slice(0, -1).entries())
    atMs += pauseAfterMs(peers, rooms.slice(index + 1), leftMs - atMs);
  return atMs;
}

describe("the pace of a drain", () => {
  it("follows what there is, not the time there is: twelve rooms of one peer are away within a second", () => {
    expect(totalMs(Array(12).fill(1), MINUTE_MS)).toBeLessThan(1_000);
    expect(totalMs(Array(12).fill(1), 60 * MINUTE_MS)).toBe(totalMs(Array(12).fill(1), MINUTE_MS));
  });

  it("gives those who come back from a large room the time that they need", () => {
    expect(pauseAfterMs(100, [1], MINUTE_MS)).toBe(100 * pauseAfterMs(1, [1], MINUTE_MS) - 99 * 20);
  });

  it("has all rooms away by half the deadline, however many there are", () => {
    expect(totalMs(Array(1_000).fill(10), 2_000)).toBeLessThan(2_000);
    expect(totalMs([500, ...Array(100).fill(1)], 2_000)).toBeLessThan(2_000);
    expect(pauseAfterMs(10, [10], -5)).toBe(0);
  });
});
